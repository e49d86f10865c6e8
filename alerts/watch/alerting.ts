import type { Clock } from '../../core/clock.ts'
import type { Cursors } from '../../core/cursors.ts'
import type { Part } from '../../core/lifecycle.ts'
import type { State } from '../../core/state/state.ts'
import type { Registry } from '../../devices/registry/registry.ts'
import type { JournalReader } from '../../gateway/journal/journal.ts'
import type { IntakeStats } from '../../ingest/intake/intake-stats.ts'
import type { Store } from '../../ingest/store/store.ts'
import type { Alerts } from '../book/alerts.ts'
import { createAlerts } from '../book/book.ts'
import { createPictureHolder, type HoldPictureParts } from '../book/hold-pictures.ts'
import { createSlots } from '../calendar/day.ts'
import { calendarIn } from '../calendar/zone-calendar.ts'
import { createNotifier, type Notifier } from '../notify/notifier.ts'
import type { ChannelSettings } from '../notify/worker.ts'
import type { RuleBook } from '../rules/rule-book.ts'
import { createFlowWatch, flowStepMin } from '../unusual/flow-watch.ts'
import { createFlowHistory } from '../unusual/history.ts'
import { createMeasure } from './measure.ts'
import { createWatchMetrics } from './metrics.ts'
import { createPlaceZones } from './place-zones.ts'
import { createWatch } from './watch.ts'
import { createWatchedDevices } from './watched-devices.ts'

export interface AlertingParts {
  readonly journal: JournalReader
  readonly state: State
  readonly cursors: Cursors
  readonly registry: Registry
  readonly store: Pick<Store, 'cells' | 'applied'>
  readonly intake: { stats(): IntakeStats }
  readonly ruleBook: RuleBook
  readonly pictures: Pick<HoldPictureParts, 'find' | 'holds'>
  readonly channels: (alerts: Alerts) => readonly ChannelSettings[]
  readonly freeShare: () => Promise<number>
  readonly isListening: () => boolean
  readonly keepDays: number
  /** False while the clock is in doubt. */
  readonly mayDelete?: () => boolean
  readonly doubtMs?: () => number
  readonly heldDeletions?: () => number
  /** IANA zone of the service. */
  readonly zone: string
  readonly flowStepMin?: number
  readonly flowLearnAfterMs?: number
  /** Wraps the alerts that findings go to; a demo marks its own. */
  readonly staging?: (alerts: Alerts) => Alerts
  readonly clock: Clock
  readonly random: () => number
  onFault(error: unknown): void
}

/** Everything between the journal and the people who are told. */
export interface Alerting {
  readonly alerts: Alerts
  readonly notifier: Notifier
  /** In start order. */
  readonly parts: readonly Part[]
  /** In the text format of Prometheus. */
  metrics(): Promise<string>
}

export function createAlerting(given: AlertingParts): Alerting {
  const { journal, state, registry, ruleBook, store, clock, random, onFault } = given
  const { flowStepMin: stepMin = flowStepMin } = given
  const devices = createWatchedDevices(registry)
  const alerts = createAlerts(state, {
    zoneOf: createPlaceZones(registry, given.zone),
    keepDays: given.keepDays,
    ...(given.mayDelete === undefined ? {} : { mayDelete: given.mayDelete }),
  })
  const notifier = createNotifier({ state, alerts, channels: given.channels(alerts), clock, random, onFault })
  const measure = createMeasure({ ...given })
  const flow = {
    slotsOf: (zone: string) => createSlots(zone, calendarIn(zone, ruleBook.current().calendar)),
    isHousehold: devices.isHousehold,
    stepMin,
  }
  const history = createFlowHistory({ ...flow, store, journalId: journal.id, onFault })
  const watch = createWatch({
    ...given,
    alerts: given.staging?.(alerts) ?? alerts,
    devices,
    rules: ruleBook,
    openFlow: (saved, settings) =>
      history.teach(createFlowWatch({ ...flow, saved, settings, learnAfterMs: given.flowLearnAfterMs })),
    takeGauges: measure.take,
  })
  const holder = createPictureHolder({ ...given.pictures, state, alerts, clock, onFault })
  const { text: watchMetrics } = createWatchMetrics({ journal, watch, alerts })
  return {
    alerts,
    notifier,
    parts: [notifier, measure, watch, history, holder],
    metrics: async () => (await Promise.all([watchMetrics(), notifier.metrics()])).join('\n'),
  }
}
