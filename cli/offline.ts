import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createAlerts } from '../alerts/book/book.ts'
import { createRuleBook } from '../alerts/rules/rule-book.ts'
import { createPlaceZones } from '../alerts/watch/place-zones.ts'
import { createAccess } from '../api/access/access.ts'
import { createBackfillFiles } from '../api/operations/backfill-files.ts'
import { createOperations } from '../api/operations/local-operations.ts'
import type { Operations } from '../api/operations/operations.ts'
import { retentionParts } from '../api/operations/retention-parts.ts'
import { operator } from '../api/viewer.ts'
import type { Config } from '../config/config.ts'
import { secondMs, systemClock } from '../core/clock.ts'
import { type DataPaths, prepareDataDirectory, stateDirectories } from '../core/data-directory.ts'
import { createFaultLog } from '../core/fault-log.ts'
import { awaitLock, lockDataDirectory } from '../core/lock.ts'
import { createLog } from '../core/log.ts'
import { openLmdbState } from '../core/state/lmdb-state.ts'
import { openClockFile } from '../core/trusted-time/clock-file.ts'
import { systemRunningTime } from '../core/trusted-time/running-time.ts'
import { confirmedAt } from '../core/trusted-time/time-server.ts'
import { createTimekeeper } from '../core/trusted-time/timekeeper.ts'
import { createCameraHints } from '../devices/registry/camera-hints.ts'
import { createDeviceRegions } from '../devices/registry/device-regions.ts'
import { createRegistry } from '../devices/registry/registry.ts'
import { createUnsettle } from '../flow/small/told-days.ts'
import { startOfDayIn } from '../flow/zone.ts'
import { createLocalControl } from '../gateway/control/local-control.ts'
import type { JournalReader } from '../gateway/journal/journal.ts'
import { lastReceivedAt } from '../gateway/journal/last-received.ts'
import { openLmdbJournal } from '../gateway/journal/lmdb-journal.ts'
import { openLmdbJournalReader } from '../gateway/journal/lmdb-reader.ts'
import { openFileSnapshotReader } from '../gateway/snapshots/file-snapshots.ts'
import { createHolds } from '../gateway/snapshots/holds.ts'
import { originalReader } from '../gateway/snapshots/originals.ts'
import { createBookReader } from '../gateway/uplink/book.ts'
import { createDeletions } from '../ingest/retention/deletions.ts'
import { createRetention } from '../ingest/retention/retention.ts'
import { databasePath } from '../ingest/store/duckdb-database.ts'
import { openDuckDbStore } from '../ingest/store/duckdb-store.ts'
import { readInfluxSettings } from '../ingest/store/influx-settings.ts'
import { createInfluxStore } from '../ingest/store/influx-store.ts'
import { mendDataFiles } from './data-files.ts'

const lockWaitMs = 5 * secondMs

/** The part a command needs to open; only `enrolment` may begin in an existing empty directory. */
export type Need = 'registry' | 'store' | 'enrolment'

/** Runs `act` on a data directory that no service uses. Throws DATA_LOCKED if one does after all. */
export async function withDirectory<T>(
  paths: DataPaths,
  config: Config,
  need: Need,
  act: (operations: Operations) => Promise<T>,
): Promise<T> {
  prepareDataDirectory(paths)
  const influx = config.store.influx && readInfluxSettings(config.store.influx)
  const locks = [lockDataDirectory(paths, 'service')]
  // Processes of a service that was just stopped may still be ending.
  for (const name of ['journal', 'state', 'snapshots', 'uplink'] as const)
    locks.push(await awaitLock(paths, name, lockWaitMs))
  await mendDataFiles(paths, createFaultLog(createLog('lintel', config.log.level)), systemClock())
  const state = openLmdbState({ directory: paths.state })
  const registry = createRegistry(state)
  const journal = await openLmdbJournal({
    directory: paths.journal,
    clock: () => time.clock(),
    ...config.journal,
    registered: registry.places(),
  })
  const reader = openLmdbJournalReader(paths.journal)
  const time = createTimekeeper({
    system: systemClock,
    running: systemRunningTime(),
    file: openClockFile(paths.clock),
    witnessAt: lastReceivedAt(reader),
    confirmedAt,
    onChange() {},
    onFault() {},
  })
  const { clock } = time
  const uplink = influx === undefined ? await uplinkOf(paths, reader) : undefined
  const storage = { directory: paths.store, clock }
  const openStore = async () =>
    influx === undefined
      ? openDuckDbStore({ ...storage, ...config.store })
      : createInfluxStore({ ...storage, ...influx })
  const store = need === 'store' && uplink === undefined ? await openStore() : undefined
  const index = openLmdbState({ directory: stateDirectories(paths).snapshots })
  const snapshots = openFileSnapshotReader({ directory: paths.snapshots, state: index })
  const holds = createHolds(state)
  const deletions = createDeletions(state)
  const retention =
    store &&
    retentionParts({
      config,
      paths,
      deletions,
      retention: createRetention({
        store,
        deletions,
        days: {},
        startOfDay: startOfDayIn(config.zone),
        clock,
        onDeletion() {},
        onFault() {},
      }),
      snapshots,
      holds,
    })
  const alerts = createAlerts(state, {
    zoneOf: createPlaceZones(registry, config.zone),
    keepDays: config.alerts.keepDays,
  })
  const control = createLocalControl({ journal, reader, registry, refusals: () => [], clock, time })
  try {
    return await act(
      createOperations({
        registry,
        journal: reader,
        store,
        ...(uplink === undefined ? {} : { uplink: uplink.book }),
        snapshots,
        originals: originalReader(paths.snapshots, config.snapshots.originals),
        holds,
        backfillFiles: createBackfillFiles(state),
        unsettleDays: createUnsettle(state, config.zone),
        retention,
        ...(uplink === undefined ? { alerts, ruleBook: createRuleBook(state) } : {}),
        regions: createDeviceRegions(state),
        cameraHints: createCameraHints(index),
        control,
        clock,
        time,
        access: createAccess(state, clock, config, time.isSure),
        defaultZone: config.zone,
        minCount: config.flow.minCount,
      })(operator),
    )
  } finally {
    await store?.close()
    await uplink?.close()
    await reader.close()
    await journal.stop()
    await index.close()
    await state.close()
    for (const lock of locks) lock.release()
  }
}

/** For an edge node, which has a centre instead of a store. */
async function uplinkOf(paths: DataPaths, journal: JournalReader) {
  const hasStore = existsSync(databasePath(paths.store))
  if (hasStore || !existsSync(join(paths.uplink, 'data.mdb'))) return undefined
  const state = openLmdbState({ directory: paths.uplink, readOnly: true })
  const book = createBookReader(state, journal)
  if ((await book.applied(journal.id)) > 0) return { book, close: () => state.close() }
  await state.close()
  return undefined
}
