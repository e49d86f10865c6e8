import { secondMs } from '../../core/clock.ts'
import type { State } from '../../core/state/state.ts'
import type { DeviceId, Place, Seq } from '../../core/words.ts'
import type { JournalReader } from '../../gateway/journal/journal.ts'
import { createDetector } from '../detect/detector.ts'
import type { Saved } from '../detect/observation.ts'
import type { Gauge } from '../rules/gauge.ts'
import type { Finding } from '../rules/rule.ts'
import type { RuleBook } from '../rules/rule-book.ts'
import type { RuleSettings } from '../rules/rule-settings.ts'
import type { FlowWatch } from '../unusual/flow-watch.ts'

export interface WatchingParts {
  readonly journal: JournalReader
  readonly state: State
  readonly rules: Pick<RuleBook, 'current'>
  /** Those that are to be heard of, and a number that grows as that changes. */
  readonly devices: {
    version(): number
    isWatched(device: DeviceId): boolean
    placeOf(device: DeviceId): Place | undefined
  }
  /** Opened anew after a failure, from what is saved. */
  readonly openFlow: (saved: Iterable<Saved>, settings: RuleSettings) => FlowWatch
  /** Measurements since the last time that somebody asked. */
  readonly takeGauges: () => readonly Gauge[]
  /** Whether devices could be heard now: silence of a gateway that is down is not theirs. */
  readonly isListening: () => boolean
}

/**
 * What is known of everything that is watched, up to a position of the journal, and what was found since it was saved.
 * Opened anew after a failure: then what was taken and not saved is taken again.
 */
export type Watching = ReturnType<typeof openWatching>

/** Records under way from the broker may have been received before now. */
const underWayMs = 200
/** Between two looks at what does not come with a record. */
const lookEveryMs = secondMs

export function openWatching(parts: WatchingParts, position: Seq) {
  const { journal, state, rules, devices, takeGauges, isListening } = parts
  const units = state.table<unknown>('watch')
  const flows = state.table<unknown>('watch-flow')
  let inForce = rules.current().settings
  const detector = createDetector({ settings: inForce, saved: units.entries(), position })
  const flow = parts.openFlow(flows.entries(), inForce)
  let reached = position
  let found: Finding[] = []
  let registry = -1
  let lookedAt = 0

  /** What the next records say; whether there may be more. */
  function read(limit: number, now: number): boolean {
    followRules(now)
    // One that was enabled again is heard from its first record on, however long it takes to catch up.
    devices.version()
    const { entries, next } = journal.read(reached, limit)
    for (const { seq, device, id, record } of entries) {
      // A device that is disabled has nothing to say.
      if (!devices.isWatched(device)) continue
      const observation = { seq, device, id, record }
      found.push(...detector.take(observation, record.place, now))
      flow.take(observation, record.place)
    }
    reached = next
    return entries.length >= limit
  }

  /** At the end of the journal: lets time go by. */
  function look(now: number): void {
    const listening = isListening()
    if (listening) found.push(...detector.tick(now - underWayMs))
    if (Math.abs(now - lookedAt) < lookEveryMs) return
    lookedAt = now
    for (const gauge of takeGauges()) found.push(...detector.measure(gauge, now))
    if (listening) flow.tick(now, detector)
    followDevices(now)
  }

  function followRules(now: number): void {
    const { settings } = rules.current()
    if (settings === inForce) return
    inForce = settings
    found.push(...detector.use(settings, now))
    flow.use(settings)
  }

  function followDevices(now: number): void {
    const version = devices.version()
    if (version === registry) return
    registry = version
    for (const device of detector.devices()) {
      const place = devices.placeOf(device)
      if (place === undefined || !devices.isWatched(device)) found.push(...detector.remove(device, now))
      else found.push(...detector.move(device, place, now))
    }
  }

  return {
    read,
    look,
    position: () => reached,
    hasFound: () => found.length > 0,
    /** Devices, points and sites that have changed since they were saved. */
    unsaved: () => detector.stats().changed,
    /** What was found, which is then as good as saved. */
    takeFound(): readonly Finding[] {
      const taken = found
      found = []
      return taken
    },
    /** What has changed, which is then as good as saved: the answer writes it, with that and the position, within a transaction. */
    takeChanged(): () => void {
      const changed = [detector.changed(), flow.changed()] as const
      return () => {
        write(units, changed[0])
        write(flows, changed[1])
      }
    },
    /** Judges flow for some milliseconds, if any is to be judged: what was found, to be saved with the rest by `save`. */
    judge(now: number): { readonly findings: readonly Finding[]; save(): void } | undefined {
      const judged = flow.judge(now)
      return judged && { findings: judged.findings, save: () => write(flows, judged.saved) }
    },
    stats: () => ({ ...detector.stats(), flow: flow.stats() }),
  }

  function write(table: typeof units, values: readonly (readonly [key: string, value: unknown])[]): void {
    for (const [key, value] of values) {
      if (value === undefined) table.remove(key)
      else table.put(key, value)
    }
  }
}
