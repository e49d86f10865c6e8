import { randomUUID } from 'node:crypto'
import { createAccess } from '../api/access/access.ts'
import { createLocalApi } from '../api/api.ts'
import { createBackfillFiles } from '../api/operations/backfill-files.ts'
import type { Config } from '../config/config.ts'
import { minuteMs, secondMs, systemClock } from '../core/clock.ts'
import { createCursors, readCursors } from '../core/cursors.ts'
import {
  dataPaths,
  endpointPath,
  findEndpoint,
  lmdbDirectories,
  stateDirectories,
} from '../core/data-directory.ts'
import { createGuard } from '../core/guard.ts'
import { GuardedFiles, lmdbFiles } from '../core/guarded-files.ts'
import { type Part, repeat, startAll } from '../core/lifecycle.ts'
import { setAsideIn } from '../core/lmdb-file/set-aside.ts'
import { awaitLock, type LockName } from '../core/lock.ts'
import { onChange } from '../core/on-change.ts'
import { beginService } from '../core/service-process.ts'
import { openLmdbState } from '../core/state/lmdb-state.ts'
import { openClockFile } from '../core/trusted-time/clock-file.ts'
import { systemRunningTime } from '../core/trusted-time/running-time.ts'
import { tellClock } from '../core/trusted-time/tell-clock.ts'
import { confirmedAt } from '../core/trusted-time/time-server.ts'
import { createTimekeeper } from '../core/trusted-time/timekeeper.ts'
import { createCameraHints } from '../devices/registry/camera-hints.ts'
import { createDeviceRegions } from '../devices/registry/device-regions.ts'
import { createRegistry } from '../devices/registry/registry.ts'
import { createAdmit } from './admit/admit.ts'
import { createRegistryEnroller } from './admit/registry-enroller.ts'
import { createRemoteEnroller } from './admit/remote-enroller.ts'
import { waitedPictures } from './admit/waited-pictures.ts'
import { openWaitingRoom } from './admit/waiting-room.ts'
import { createBroker } from './broker/broker.ts'
import { ConnectionLog } from './connection-log.ts'
import { createControlServer } from './control/control-server.ts'
import { createLocalControl } from './control/local-control.ts'
import { lastReceivedAt } from './journal/last-received.ts'
import { openLmdbJournal } from './journal/lmdb-journal.ts'
import { openLmdbJournalReader } from './journal/lmdb-reader.ts'
import { createTrimmer } from './journal/trimmer.ts'
import { createGatewayMetrics } from './metrics.ts'
import { RefusalLog } from './refusal-log.ts'
import { openFileSnapshotReader } from './snapshots/file-snapshots.ts'
import { createHolds } from './snapshots/holds.ts'
import { originalReader } from './snapshots/originals.ts'
import { taggerConsumer } from './tagger/settings.ts'
import { createBookReader } from './uplink/book.ts'

/** The settings that the supervisor sends to this process. */
export interface GatewaySettings {
  readonly data: string
  readonly config: Config
  /** The start of the service, epoch ms. */
  readonly startedAt: number
  /** The consumers of this journal, and where each keeps its cursor; records that all are done with are freed. */
  readonly consumers: Readonly<Record<string, 'state' | 'snapshots' | 'uplink'>>
  /** True for an edge node by itself: it holds the registry and offers the API. */
  readonly alone: boolean
}

const registryEveryMs = secondMs / 2
const sweepEveryMs = minuteMs
const lockWaitMs = 20_000
/** If this process dies, gateways send again what it acked since the last greeting. */
const greetEveryMs = 5 * secondMs
/** A gateway that was last heard more starts ago takes what it sent for lost. */
const openingsTold = 100

/** The process that devices connect to: device ─▶ broker ─▶ admit ─▶ journal. */
async function start({ data, config, consumers, alone, startedAt }: GatewaySettings) {
  const paths = dataPaths(data)
  // An edge node by itself writes the state, too.
  const names: LockName[] = alone ? ['journal', 'state'] : ['journal']
  const locks = await Promise.all(names.map(name => awaitLock(paths, name, lockWaitMs)))

  const directories = stateDirectories(paths)
  const files = new GuardedFiles([paths.root, paths.run, paths.waiting, ...lmdbFiles(paths.journal)])
  files.watch(...Object.values(directories).flatMap(lmdbFiles), ...(alone ? [paths.token] : []))
  const states = {
    state: openLmdbState({ directory: directories.state, readOnly: !alone }),
    snapshots: openLmdbState({ directory: directories.snapshots, readOnly: true }),
    uplink: openLmdbState({ directory: directories.uplink, readOnly: true }),
  }
  const { state } = states
  const registry = createRegistry(state)
  const journal = await openLmdbJournal({
    directory: paths.journal,
    // The journal writes nothing before it is asked to, and it must be open before `time`: it is a witness of the time.
    clock: () => time.clock(),
    ...config.journal,
    registered: registry.places(),
    onFault,
  })
  const reader = openLmdbJournalReader(paths.journal)
  const runningTime = systemRunningTime()
  const time = createTimekeeper({
    system: systemClock,
    running: runningTime,
    file: openClockFile(paths.clock),
    witnessAt: lastReceivedAt(reader),
    confirmedAt,
    onChange: view => tellClock(log, view),
    onFault,
  })
  const { clock } = time
  const consumerNames = Object.keys(consumers)
  const kept = Object.entries(consumers).map(([consumer, place]) => [
    consumer,
    createCursors(states[place], reader),
  ])
  const cursors = readCursors(Object.fromEntries(kept))
  const waitingRoom = await openWaitingRoom({
    directory: paths.waiting,
    clock,
    upMs: runningTime.upMs,
    maxBytes: config.snapshots.maxWaitingBytes,
    maxAgeMs: config.snapshots.maxWaitingS * secondMs,
    onFault,
  })
  // Pictures from before a stop may be too old already, or have no record.
  await waitingRoom.sweep()
  if (waitingRoom.stats().pictures > 0)
    await waitingRoom.keepOnly(waitedPictures(reader, cursors.get(taggerConsumer)))
  const runId = randomUUID()
  const admit = createAdmit({
    journal,
    waitingRoom,
    clock,
    time,
    maxSnapshotBytes: config.snapshots.maxBytes,
    runId,
  })
  const enroller = alone
    ? createRegistryEnroller(registry, clock)
    : createRemoteEnroller(() => findEndpoint(paths, 'api'))
  const refusals = new RefusalLog(log, clock, device => registry.get(device) !== undefined)
  const connections = new ConnectionLog(log, clock)
  const broker = createBroker(
    {
      ...(config.mqtt.tcp ? { tcp: config.mqtt.tcp } : {}),
      ...(config.mqtt.tls ? { tls: config.mqtt.tls } : {}),
      ...(config.mqtt.websocket ? { websocket: config.mqtt.websocket } : {}),
      maxConnections: config.mqtt.maxConnections,
      maxUnidentified: config.mqtt.maxUnidentified,
      maxPacketBytes: config.mqtt.maxPacketBytes,
      maxPerDevice: config.mqtt.maxInFlightPerDevice,
      maxBytes: config.mqtt.maxInFlightBytes,
    },
    {
      admit,
      registry,
      enroller,
      clock,
      isTimeSure: time.isSure,
      onRefusal: refusal => refusals.add(refusal),
      onConnection: connection => connections.add(connection),
      gatewayGreeting: () => ({
        type: 'journal',
        id: reader.id,
        run: runId,
        end: journal.stats().end,
        openings: reader.openings().slice(-openingsTold),
      }),
    },
  )
  const lag = () =>
    Object.fromEntries(consumerNames.map(consumer => [consumer, journal.stats().end - cursors.get(consumer)]))
  const shared = { broker, journal, waitingRoom, lag, time }
  const { text: metrics } = createGatewayMetrics({
    ...shared,
    refusals,
    setAside: () => lmdbDirectories(paths).flatMap(setAsideIn).length,
  })
  const control = createLocalControl({
    ...shared,
    reader,
    registry,
    refusals: () => refusals.latest,
    metrics,
    clock,
  })
  const retainMs = config.journal.retainS * secondMs
  const trimmer = createTrimmer(
    { consumers: consumerNames, retainMs, maxBytes: config.journal.maxBytes },
    { journal, cursors, clock, mayDelete: time.isSure, onFault },
  )
  const api = alone
    ? createLocalApi({
        startedAt,
        paths,
        config,
        registry,
        journal: reader,
        store: undefined,
        ...(config.uplink === undefined ? {} : { uplink: createBookReader(states.uplink, reader) }),
        snapshots: openFileSnapshotReader({ directory: paths.snapshots, state: states.snapshots }),
        originals: originalReader(paths.snapshots, config.snapshots.originals),
        holds: createHolds(state),
        backfillFiles: createBackfillFiles(state),
        access: createAccess(state, clock, config, time.isSure),
        regions: createDeviceRegions(state),
        cameraHints: createCameraHints(states.snapshots),
        control,
        restarts,
        clock,
        time,
        log,
      })
    : undefined

  const holdings: Part = {
    name: 'journal',
    async stop() {
      await waitingRoom.close()
      await reader.close()
      await journal.stop()
      for (const own of Object.values(states)) await own.close()
      for (const lock of locks) lock.release()
    },
  }
  const follow = onChange(registry.version, () => broker.refresh())
  const watch = repeat('registry watch', registryEveryMs, follow)
  const sweep = repeat('waiting room sweep', sweepEveryMs, () => void waitingRoom.sweep().catch(onFault))
  // The listeners open last and close first.
  const running = await startAll([
    holdings,
    time,
    trimmer,
    sweep,
    createControlServer(control, paths, onFault),
    ...(api === undefined ? [] : [api]),
    watch,
    repeat('greeting of gateways', greetEveryMs, () => broker.greetGateways()),
    broker,
    createGuard(files, onFault),
  ])
  files.watch(endpointPath(paths, 'gateway'), ...(alone ? [endpointPath(paths, 'api')] : []))
  return {
    running,
    ready: { ...broker.addresses, ...(api === undefined ? {} : { http: api.url }) },
    reload: async ({ mqtt }: Config) => broker.renew({ tls: mqtt.tls, websocket: mqtt.websocket?.tls }),
  }
}

const { settings, log, onFault, restarts, run } = await beginService<GatewaySettings>('gateway')
await run(() => start(settings))
