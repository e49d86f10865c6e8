import { setPriority } from 'node:os'
import { join } from 'node:path'
import { hourMs, minuteMs, secondMs, systemClock } from '../../core/clock.ts'
import { createCursors } from '../../core/cursors.ts'
import { dataPaths, endpointPath, findEndpoint, stateDirectories } from '../../core/data-directory.ts'
import { createGuard } from '../../core/guard.ts'
import { GuardedFiles, lmdbFiles } from '../../core/guarded-files.ts'
import { type Part, repeat, startAll } from '../../core/lifecycle.ts'
import { awaitLock } from '../../core/lock.ts'
import { createMetricsServer } from '../../core/metrics-server.ts'
import { beginService } from '../../core/service-process.ts'
import { openLmdbState } from '../../core/state/lmdb-state.ts'
import { openClockFile } from '../../core/trusted-time/clock-file.ts'
import { systemRunningTime } from '../../core/trusted-time/running-time.ts'
import { awaitTimeReader } from '../../core/trusted-time/time-reader.ts'
import { createCameraHints } from '../../devices/registry/camera-hints.ts'
import { createDeviceRegions } from '../../devices/registry/device-regions.ts'
import { createRegistry } from '../../devices/registry/registry.ts'
import { bundledModels, readModelFile } from '../../models/model-file.ts'
import { readWaiting } from '../admit/waiting-room.ts'
import { createRemoteControl } from '../control/remote-control.ts'
import { openLmdbJournalReader } from '../journal/lmdb-reader.ts'
import { openFileSnapshots } from '../snapshots/file-snapshots.ts'
import { createHolds } from '../snapshots/holds.ts'
import { openOriginals } from '../snapshots/originals.ts'
import { createAttendance } from './attendance.ts'
import { createBatcher } from './batcher.ts'
import { createDesk } from './desk.ts'
import { createLooker } from './looker.ts'
import { createTaggerMetrics } from './metrics.ts'
import { RecentEvents } from './recent-events.ts'
import type { TaggerSettings } from './settings.ts'

const lockWaitMs = 20 * secondMs
/** The gateway gets sightings in batches, this far apart, and not each alone; a lone sighting does not wait. */
const sightEveryMs = 100
const eraseEveryMs = 100
/** Lower priority than the processes that take events, higher than the workers, which run when nobody else wants to. */
const niceness = 10

/** The process that handles pictures: journal ─▶ desk ─▶ worker ─▶ sighting, back into the journal; and the redacted picture to rest. */
async function start({ data, config }: TaggerSettings) {
  setPriority(niceness)
  const paths = dataPaths(data)
  const time = await awaitTimeReader(
    { system: systemClock, running: systemRunningTime(), file: openClockFile(paths.clock) },
    lockWaitMs,
  )
  const { clock } = time
  const { random } = Math
  const { tagger, snapshots: limits } = config
  // A model that cannot be used is reported at the start, not with each picture.
  if (tagger.workers > 0) readModelFile(tagger.manifest ?? bundledModels.objects)
  const lock = await awaitLock(paths, 'snapshots', lockWaitMs)
  const directories = stateDirectories(paths)
  const files = new GuardedFiles([paths.root, paths.run, paths.waiting, paths.snapshots])
  files.watch(...[paths.journal, directories.snapshots, directories.state].flatMap(lmdbFiles))
  const journal = openLmdbJournalReader(paths.journal)
  const index = openLmdbState({ directory: directories.snapshots })
  const state = openLmdbState({ directory: directories.state, readOnly: true })
  const registry = createRegistry(state)
  const holds = createHolds(state)
  const snapshots = await openFileSnapshots({
    directory: paths.snapshots,
    state: index,
    clock,
    keepBytes: limits.keepBytes,
    keepMs: limits.keepS * secondMs,
    mayDelete: time.isSure,
    isHeld: key => holds.isHeld(key, clock()),
  })
  const originals =
    limits.originals &&
    (await openOriginals({
      directory: join(paths.snapshots, 'originals'),
      keyFile: limits.originals.keyFile,
      keepMs: limits.originals.keepS * secondMs,
      clock,
    }))
  const control = createRemoteControl(() => findEndpoint(paths, 'gateway'))
  const lookers = Array.from({ length: tagger.workers }, () =>
    createLooker({
      settings: {
        threads: tagger.threads,
        maxEdgePx: limits.maxEdgePx,
        ...(tagger.manifest === undefined ? {} : { manifest: tagger.manifest }),
      },
      timeoutMs: tagger.timeoutS * secondMs,
      maxBytes: tagger.maxWorkerBytes,
      random,
      onFault,
    }),
  )
  const recent = new RecentEvents()
  const attendance = createAttendance({
    recent,
    read: ({ device, event }) => readWaiting(paths.waiting, device, event),
    regionsOf: createDeviceRegions(state).of,
    hints: createCameraHints(index),
    isCheckpoint: device => registry.remembered(device)?.kind === 'checkpoint',
    snapshots,
    originals,
    sight: createBatcher(sightings => control.sight(sightings), { random, onFault, paceMs: sightEveryMs }),
    erase: createBatcher(keys => control.erase(keys), { random, onFault, paceMs: eraseEveryMs }),
    clock,
    onFault,
  })
  const cursors = createCursors(index, journal)
  const desk = createDesk(
    // Without workers no picture waits: each is erased at once, and its sighting says so.
    { maxBacklog: tagger.workers > 0 ? tagger.maxBacklog : 0 },
    { journal, cursors, recent, attendance, lookers, onFault },
  )
  const { text: metrics } = createTaggerMetrics({ desk, attendance, lookers, snapshots, clock })

  const tidy = (work: () => Promise<void> | undefined) => () => void work()?.catch(onFault)
  const holdings: Part = {
    name: 'snapshots',
    async start() {
      await snapshots.reconcile()
      for (const looker of lookers) looker.start()
    },
    async stop() {
      await Promise.all(lookers.map(looker => looker.stop()))
      await index.close()
      await state.close()
      await journal.close()
      lock.release()
    },
  }
  const running = await startAll([
    holdings,
    repeat(
      'snapshot sweep',
      minuteMs,
      tidy(() => snapshots.sweep()),
    ),
    repeat(
      'snapshot reconciliation',
      hourMs,
      tidy(() => snapshots.reconcile()),
    ),
    repeat(
      'sweep of originals',
      minuteMs,
      tidy(() => originals?.sweep()),
    ),
    createMetricsServer({ name: 'tagger', paths, metrics, onError: onFault }),
    desk,
    createGuard(files, onFault),
  ])
  files.watch(endpointPath(paths, 'tagger'))
  return { running, ready: { workers: lookers.length } }
}

const { settings, onFault, run } = await beginService<TaggerSettings>('tagger')
await run(() => start(settings))
