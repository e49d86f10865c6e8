import type { Alerts } from '../alerts/book/alerts.ts'
import { createStagedAlerts } from '../alerts/book/staged-alerts.ts'
import { readChannels } from '../alerts/notify/read-channels.ts'
import { silentChannels } from '../alerts/notify/silent-channels.ts'
import type { ChannelSettings } from '../alerts/notify/worker.ts'
import { createRuleBook } from '../alerts/rules/rule-book.ts'
import { ruleNames } from '../alerts/rules/rule-description.ts'
import { createAlerting } from '../alerts/watch/alerting.ts'
import { freeShareOf } from '../alerts/watch/measure.ts'
import { createRememberedList } from '../alerts/watch/remembered-list.ts'
import { createAccess } from '../api/access/access.ts'
import { createLocalApi } from '../api/api.ts'
import { createBackfillFiles } from '../api/operations/backfill-files.ts'
import { createDayBook } from '../api/operations/day-book.ts'
import { retentionParts } from '../api/operations/retention-parts.ts'
import type { Config } from '../config/config.ts'
import { secondMs, systemClock } from '../core/clock.ts'
import { createCursors } from '../core/cursors.ts'
import { dataPaths, endpointPath, findEndpoint, isRunning, stateDirectories } from '../core/data-directory.ts'
import { createGuard } from '../core/guard.ts'
import { GuardedFiles, lmdbFiles } from '../core/guarded-files.ts'
import { type Part, startAll } from '../core/lifecycle.ts'
import { awaitLock } from '../core/lock.ts'
import { beginService } from '../core/service-process.ts'
import { openLmdbState } from '../core/state/lmdb-state.ts'
import { openClockFile } from '../core/trusted-time/clock-file.ts'
import { systemRunningTime } from '../core/trusted-time/running-time.ts'
import { awaitTimeReader } from '../core/trusted-time/time-reader.ts'
import { createCameraHints } from '../devices/registry/camera-hints.ts'
import { createDeviceRegions } from '../devices/registry/device-regions.ts'
import { createRegistry } from '../devices/registry/registry.ts'
import { createUnsettle } from '../flow/small/told-days.ts'
import { startOfDayIn } from '../flow/zone.ts'
import { createRemoteControl } from '../gateway/control/remote-control.ts'
import { openLmdbJournalReader } from '../gateway/journal/lmdb-reader.ts'
import { openFileSnapshotReader } from '../gateway/snapshots/file-snapshots.ts'
import { createHolds } from '../gateway/snapshots/holds.ts'
import { originalReader } from '../gateway/snapshots/originals.ts'
import { picturesAt } from '../gateway/snapshots/pictures-at.ts'
import { createDemoFaults, demoFlow } from './demo/faults.ts'
import { createIntake } from './intake/intake.ts'
import { createRefill } from './intake/refill.ts'
import { readDeleted } from './retention/deleted.ts'
import { createDeletions } from './retention/deletions.ts'
import { createRetention } from './retention/retention.ts'
import { createSummaryKeeper } from './retention/summaries.ts'
import { openDuckDbStore } from './store/duckdb-store.ts'
import { readInfluxSettings } from './store/influx-settings.ts'
import { createInfluxStore } from './store/influx-store.ts'

export interface IngestSettings {
  readonly data: string
  readonly config: Config
  /** Start of the service, epoch ms. */
  readonly startedAt: number
  /** Stages the faults of the demo. */
  readonly demo?: boolean
}

const lockWaitMs = 20 * secondMs

/** The process that reads the journal: it fills the store, and serves the API over both. It is the only one that writes state and store. */
async function start({ data, config, startedAt, demo = false }: IngestSettings) {
  const paths = dataPaths(data)
  const influx = config.store.influx && readInfluxSettings(config.store.influx)
  const time = await awaitTimeReader(
    { system: systemClock, running: systemRunningTime(), file: openClockFile(paths.clock) },
    lockWaitMs,
  )
  const { clock, isSure: mayDelete } = time
  const lock = await awaitLock(paths, 'state', lockWaitMs)
  const files = new GuardedFiles([paths.root, paths.run, paths.token, paths.store, paths.snapshots])
  files.watch(...[paths.journal, paths.state, stateDirectories(paths).snapshots].flatMap(lmdbFiles))
  const state = openLmdbState({ directory: paths.state })
  const registry = createRegistry(state)
  const journal = openLmdbJournalReader(paths.journal)
  const cursors = createCursors(state, journal)
  const storage = { directory: paths.store, clock, onFault, files }
  const store =
    influx === undefined
      ? await openDuckDbStore({ ...storage, ...config.store })
      : createInfluxStore({ ...storage, ...influx })
  const faults = demo ? createDemoFaults(clock) : undefined
  const staged = faults && createStagedAlerts(faults.isStaged, clock)
  const intake = createIntake({
    journal,
    store: faults?.failing(store) ?? store,
    cursors,
    random: Math.random,
    onFault,
  })
  const deletions = createDeletions(state)
  const retention = createRetention({
    store,
    deletions,
    days: config.retention,
    startOfDay: startOfDayIn(config.zone),
    clock,
    mayDelete,
    onDeletion: deletion => log.info(deletion, 'rows deleted'),
    onHeld: held => log.warn(held, 'so many rows would go at once that it waits for lintel retention allow'),
    onFault,
  })
  const refill = createRefill({
    journal,
    store,
    applied: () => intake.stats().applied,
    deleted: () => readDeleted(deletions),
    onFault,
  })
  const { summaries } = store
  const keeper =
    summaries &&
    createSummaryKeeper({ summaries, days: config.retention.summaries, clock, mayDelete, onFault })
  const index = openLmdbState({ directory: stateDirectories(paths).snapshots, readOnly: true })
  const snapshots = openFileSnapshotReader({ directory: paths.snapshots, state: index })
  const holds = createHolds(state)
  const control = createRemoteControl(() => findEndpoint(paths, 'gateway'))
  const ruleBook = createRuleBook(state)
  for (const problem of ruleBook.current().problems)
    log.warn({ code: 'RULES_INVALID', problem }, 'of the rules, not in force')
  tellSilent(config)
  const alerting = createAlerting({
    journal,
    state,
    cursors,
    registry,
    store,
    intake,
    ruleBook,
    pictures: { find: picturesAt(createRememberedList(registry), snapshots), holds },
    channels: alerts => channelsOf(config, alerts),
    freeShare: async () => {
      const free = await freeShareOf(paths.root)
      return faults?.freeShare(free) ?? free
    },
    isListening: () => isRunning(findEndpoint(paths, 'gateway')),
    keepDays: config.alerts.keepDays,
    zone: config.zone,
    ...(staged === undefined ? {} : { ...demoFlow, staging: staged.staging }),
    clock,
    mayDelete,
    doubtMs: () => time.view().doubtForMs ?? 0,
    heldDeletions: () => deletions.held().length,
    random: Math.random,
    onFault,
  })
  const api = createLocalApi({
    startedAt,
    paths,
    config,
    registry,
    journal,
    store,
    intake,
    refill,
    snapshots,
    originals: originalReader(paths.snapshots, config.snapshots.originals),
    holds,
    backfillFiles: createBackfillFiles(state),
    toldDays: createDayBook({ state, registry, store, journal, zone: config.zone, clock }),
    unsettleDays: createUnsettle(state, config.zone),
    retention: retentionParts({ config, paths, deletions, retention, snapshots, holds }),
    access: createAccess(state, clock, config, mayDelete),
    ruleBook,
    alerts: alerting.alerts,
    notifier: alerting.notifier,
    alertMetrics: alerting.metrics,
    regions: createDeviceRegions(state),
    cameraHints: createCameraHints(index),
    control,
    restarts,
    clock,
    time,
    log,
  })

  const holdings: Part = {
    name: 'store',
    async stop() {
      await store.close()
      await journal.close()
      await index.close()
      await state.close()
      lock.release()
    },
  }
  const running = await startAll([
    holdings,
    intake,
    refill,
    retention,
    ...(keeper === undefined ? [] : [keeper]),
    ...alerting.parts,
    ...(staged === undefined ? [] : [staged.closer(alerting.alerts)]),
    api,
    createGuard(files, onFault),
  ])
  files.watch(endpointPath(paths, 'api'))
  return {
    running,
    ready: { http: api.url },
    async reload(config: Config) {
      await alerting.notifier.replace(channelsOf(config, alerting.alerts))
      tellSilent(config)
    },
  }

  function channelsOf(config: Config, alerts: Alerts): ChannelSettings[] {
    return readChannels(config.alerts.channels, {
      alerts,
      publicUrl: config.http.publicUrl,
      zone: config.zone,
      rules: ruleNames,
      publish: control.publishAlert,
      log,
      clock,
    })
  }

  function tellSilent(config: Config): void {
    for (const silent of silentChannels(config.alerts.channels, registry.list()))
      log.warn(silent, 'nothing is enrolled at the sites of this channel: it tells nobody of anything')
  }
}

const { settings, log, onFault, restarts, run } = await beginService<IngestSettings>('ingest')
await run(() => start(settings))
