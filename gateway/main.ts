import { randomUUID } from 'node:crypto'
import { createAccess } from '../api/access/access.ts'
import { createLocalApi } from '../api/api.ts'
import { createBackfillFiles } from '../api/operations/backfill-files.ts'
import { minuteMs, secondMs, systemClock } from '../core/clock.ts'
import type { Config } from '../core/config.ts'
import { createCursors, readCursors } from '../core/cursors.ts'
import {
  awaitLock,
  dataPaths,
  findEndpoint,
  type LockName,
  lmdbDirectories,
  stateDirectories,
} from '../core/data-directory.ts'
import { codeOf, messageOf } from '../core/errors.ts'
import { type Part, repeat, startAll } from '../core/lifecycle.ts'
import { setAsideIn } from '../core/lmdb-file/set-aside.ts'
import { createLog } from '../core/log.ts'
import { exitCodes, runService } from '../core/service-process.ts'
import { openLmdbState } from '../core/state/lmdb-state.ts'
import { createDeviceRegions } from '../devices/registry/device-regions.ts'
import { createRegistry } from '../devices/registry/registry.ts'
import { createAdmit } from './admit/admit.ts'
import { createRegistryEnroller } from './admit/registry-enroller.ts'
import { createRemoteEnroller } from './admit/remote-enroller.ts'
import { openWaitingRoom } from './admit/waiting-room.ts'
import { createBroker } from './broker/broker.ts'
import { createControlServer } from './control/control-server.ts'
import { createDoor } from './control/local-door.ts'
import { openLmdbJournal } from './journal/lmdb-journal.ts'
import { openLmdbJournalReader } from './journal/lmdb-reader.ts'
import { createTrimmer } from './journal/trimmer.ts'
import { createMetrics } from './metrics.ts'
import { RefusalLog } from './refusal-log.ts'
import { openFileSnapshotReader } from './snapshots/file-snapshots.ts'
import { createHolds } from './snapshots/holds.ts'
import { originalReader } from './snapshots/originals.ts'
import { createBookReader } from './uplink/book.ts'

/** What the supervisor hands to a process of the service, as its one argument. */
export interface GatewaySettings {
  readonly data: string
  readonly config: Config
  /** Who reads this journal, and where each keeps how far it has come; what all are done with is freed. */
  readonly consumers: Readonly<Record<string, 'state' | 'snapshots' | 'uplink'>>
  /** An edge node by itself: it holds the registry and offers the API. */
  readonly alone: boolean
}

const registryEveryMs = secondMs / 2
const sweepEveryMs = minuteMs
const lockWaitMs = 20_000

/** The process at the door: device ─▶ broker ─▶ admit ─▶ journal. */
async function start({ data, config, consumers, alone }: GatewaySettings) {
  const paths = dataPaths(data)
  const clock = systemClock
  // Where it is alone it writes the state, too.
  const names: LockName[] = alone ? ['journal', 'state'] : ['journal']
  const locks = await Promise.all(names.map(name => awaitLock(paths, name, lockWaitMs)))

  const directories = stateDirectories(paths)
  const states = {
    state: openLmdbState({ directory: directories.state, readOnly: !alone }),
    snapshots: openLmdbState({ directory: directories.snapshots, readOnly: true }),
    uplink: openLmdbState({ directory: directories.uplink, readOnly: true }),
  }
  const { state } = states
  const registry = createRegistry(state)
  const journal = await openLmdbJournal({
    directory: paths.journal,
    clock,
    ...config.journal,
    registered: registry.places(),
    onFault,
  })
  const reader = openLmdbJournalReader(paths.journal)
  const consumerNames = Object.keys(consumers)
  const kept = Object.entries(consumers).map(([consumer, place]) => [
    consumer,
    createCursors(states[place], reader),
  ])
  const cursors = readCursors(Object.fromEntries(kept))
  const waitingRoom = await openWaitingRoom({
    directory: paths.waiting,
    clock,
    maxBytes: config.snapshots.maxWaitingBytes,
    maxAgeMs: config.snapshots.maxWaitingS * secondMs,
    onFault,
  })
  // What was left over a stop may be too old already.
  await waitingRoom.sweep()
  const admit = createAdmit({
    journal,
    waitingRoom,
    clock,
    maxSnapshotBytes: config.snapshots.maxBytes,
    runId: randomUUID(),
  })
  const enroller = alone
    ? createRegistryEnroller(registry, clock)
    : createRemoteEnroller(() => findEndpoint(paths, 'api'))
  const refusals = new RefusalLog(log, clock)
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
    { admit, registry, enroller, clock, onRefusal: refusal => refusals.add(refusal) },
  )
  const metrics = createMetrics({
    broker,
    journal,
    waitingRoom,
    refusals,
    cursors,
    consumers: consumerNames,
    setAside: () => lmdbDirectories(paths).flatMap(setAsideIn).length,
  })
  const door = createDoor({
    broker,
    journal,
    waitingRoom,
    reader,
    registry,
    refusals: () => refusals.latest,
    metrics,
    clock,
  })
  const retainMs = config.journal.retainS * secondMs
  const trimmer = createTrimmer(
    { consumers: consumerNames, retainMs, maxBytes: config.journal.maxBytes },
    { journal, cursors, clock, onFault },
  )
  const api = alone
    ? createLocalApi({
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
        access: createAccess(state, clock, config),
        regions: createDeviceRegions(state),
        door,
        clock,
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
  // The door opens last and closes first.
  const running = await startAll([
    holdings,
    trimmer,
    sweep,
    createControlServer(door, paths, onFault),
    ...(api === undefined ? [] : [api]),
    watch,
    broker,
  ])
  return { running, ready: { ...broker.addresses, ...(api === undefined ? {} : { http: api.url }) } }
}

function onFault(error: unknown): void {
  const code = codeOf(error)
  log.error({ code, error: messageOf(error) }, 'fault')
  // Without its journal this process is of no use; the supervisor starts it anew.
  if (code === 'JOURNAL_CLOSED') process.exit(exitCodes.failed)
  if (code === 'JOURNAL_CORRUPT') process.exit(exitCodes.damaged)
}

function onChange(read: () => number, act: () => void): () => void {
  let last = read()
  return () => {
    const next = read()
    if (next !== last) act()
    last = next
  }
}

const settings = JSON.parse(process.argv[2] ?? 'null') as GatewaySettings
const log = createLog('gateway', settings.config.log.level)
await runService(log, () => start(settings))
