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
  /** The devices to watch; `version` changes when they do. */
  readonly devices: {
    version(): number
    isWatched(device: DeviceId): boolean
    placeOf(device: DeviceId): Place | undefined
  }
  /** Called again after a failure, with what was saved. */
  readonly openFlow: (saved: Iterable<Saved>, settings: RuleSettings) => FlowWatch
  /** Measurements since the last call. */
  readonly takeGauges: () => readonly Gauge[]
  /** True if devices could be heard now: the silence of a gateway that is down is not theirs. */
  readonly isListening: () => boolean
}

/**
 * Everything known about what is watched, up to a position in the journal, and findings not saved yet. After a failure
 * a new one is opened, and records that were taken but not saved are taken again.
 */
export type Watching = ReturnType<typeof openWatching>

/** Records under way from the broker may have been received before now. */
const underWayMs = 200
/** Interval for what does not arrive with a record. */
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

  /** Takes the next records; true if there may be more. */
  function read(limit: number, now: number): boolean {
    followRules(now)
    // Refresh first, so that a device that was enabled again is heard from its first record on, however long catching up takes.
    devices.version()
    const { entries, next } = journal.read(reached, limit)
    for (const { seq, device, id, record } of entries) {
      // Records of disabled devices are ignored.
      if (!devices.isWatched(device)) continue
      const observation = { seq, device, id, record }
      found.push(...detector.take(observation, record.place, now))
      flow.take(observation, record.place)
    }
    reached = next
    return entries.length >= limit
  }

  /** Call at the end of the journal: lets time advance. */
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
    /** Number of devices, points and sites that changed since they were saved. */
    unsaved: () => detector.stats().changed,
    /** Returns the findings, which then count as saved. */
    takeFound(): readonly Finding[] {
      const taken = found
      found = []
      return taken
    },
    /**
     * Takes the changes, which then count as saved. The returned function writes them; call it within the transaction
     * that saves findings and position.
     */
    takeChanged(): () => void {
      const changed = [detector.changed(), flow.changed()] as const
      return () => {
        write(units, changed[0])
        write(flows, changed[1])
      }
    },
    /** Judges flow for some milliseconds if there is any to judge; call `save` in the transaction that saves the findings. */
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
