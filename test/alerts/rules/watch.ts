import { createDetector, type Detector } from '../../../alerts/detect/detector.ts'
import type { Saved } from '../../../alerts/detect/observation.ts'
import type { Gauge, GaugeName } from '../../../alerts/rules/gauge.ts'
import type { Finding } from '../../../alerts/rules/rule.ts'
import { parseRules } from '../../../alerts/rules/rule-settings.ts'
import { secondMs } from '../../../core/clock.ts'
import type { Place } from '../../../core/words.ts'
import type { DataOf, Kind } from '../../../devices/contract/kinds.ts'
import type { EventRecord } from '../../../devices/contract/record.ts'

export const start = Date.UTC(2026, 10, 21, 8, 0)

/** What happens, how many seconds after the start it is received, and what is unusual about it. */
export interface Happening {
  readonly s: number
  readonly kind: Kind | 'gauge'
  readonly data: object
  /** How many seconds before its receipt it happened. */
  readonly ago?: number
  readonly late?: boolean
  readonly skewed?: boolean
  readonly reused?: boolean
  readonly device?: string
  readonly place?: Partial<Place>
}
type More = Partial<Omit<Happening, 's' | 'kind' | 'data'>>

const happening =
  <K extends Kind>(kind: K) =>
  (s: number, data: DataOf<K>, more: More = {}): Happening => ({ s, kind, data, ...more })
export const passage = happening('passage')
export const sighting = happening('sighting')
export const vehicle = happening('vehicle')
export const granted = (s: number, more?: More, direction: 'in' | 'out' = 'in') =>
  passage(s, { direction, result: 'granted', method: direction === 'in' ? 'card' : 'button' }, more)
export const denied = (s: number, more?: More) =>
  passage(s, { direction: 'in', result: 'denied', method: 'card', reason: 'expired' }, more)
export const door = (s: number, state: DataOf<'door'>['state'], more: More & { openMs?: number } = {}) => {
  const { openMs, ...rest } = more
  return happening('door')(s, { state, ...(openMs === undefined ? {} : { openMs }) }, rest)
}
export const tampered = (s: number, part: DataOf<'tamper'>['part'], active: boolean, more?: More) =>
  happening('tamper')(s, { part, active }, more)
export const status = (s: number, state: 'online' | 'offline', more?: More) =>
  happening('status')(s, { state }, more)
export const health = (s: number, more?: More) => happening('health')(s, { uptimeS: 1 }, more)
export const seen = (s: number, data: Partial<DataOf<'sighting'>>, more?: More) =>
  sighting(s, { outcome: 'seen', ...data }, more)
export const gauge = (s: number, gauge: GaugeName, value: number): Happening => ({
  s,
  kind: 'gauge',
  data: { gauge, value },
})

export const somePlace: Place = {
  id: 1,
  device: 'd',
  site: 'nanshe',
  building: 'b01',
  point: 'd01',
  zone: 'Asia/Shanghai',
}

const toRecord = (
  { s, kind, data, ago = 0, late = false, skewed = false, reused }: Happening,
  setBy: number,
) => {
  const receivedAt = start + (s + setBy) * secondMs
  return {
    kind,
    at: receivedAt - ago * secondMs,
    receivedAt,
    late,
    skewed,
    ...(reused === undefined ? {} : { reused }),
    place: somePlace,
    data,
  } as EventRecord
}

export function give(detector: Detector, happening: Happening, seq: number, setBy = 0): Finding[] {
  const now = start + (happening.s + setBy) * secondMs
  if (happening.kind === 'gauge') {
    return detector.measure({ kind: 'gauge', at: now, receivedAt: now, ...happening.data } as Gauge, now)
  }
  const device = happening.device ?? somePlace.device
  const place = { ...somePlace, ...happening.place, device }
  return detector.take({ seq, device, record: toRecord(happening, setBy) }, place, now)
}

/** As it comes back from the disk. */
export const savedBy = (memory: Map<string, unknown>, detector: Detector): Iterable<Saved> => {
  for (const [key, value] of detector.changed()) {
    if (value === undefined) memory.delete(key)
    else memory.set(key, value)
  }
  return new Map(JSON.parse(JSON.stringify([...memory])) as Saved[])
}

export interface WatchOptions {
  readonly rules?: object
  /** How many seconds after the start it ends. */
  readonly until?: number
  /** Before which happenings the detector is closed, and opened from what it saved. */
  readonly restartBefore?: (index: number) => boolean
  /** Seconds from one tick to the next. */
  readonly tickS?: number
  /** Before which happening the clock is set, and by how many seconds. */
  readonly set?: { readonly before: number; readonly s: number }
}

/** Everything that is found while these happen, somebody listening all the time. */
export function watch(happenings: readonly Happening[], options: WatchOptions = {}): Finding[] {
  const { rules = {}, until = 0, restartBefore = () => false, tickS = 15, set } = options
  const settings = parseRules({ rules })
  const memory = new Map<string, unknown>()
  let detector = createDetector({ settings })
  const found: Finding[] = []
  let now = happenings[0]?.s ?? 0
  let setBy = 0
  const tick = (s: number) => found.push(...detector.tick(start + (s + setBy) * secondMs))
  const listenUntil = (s: number) => {
    for (let at = now + tickS; at <= s; at += tickS) tick(at)
    now = s
  }
  for (const [index, happening] of happenings.entries()) {
    if (restartBefore(index)) detector = createDetector({ settings, saved: savedBy(memory, detector) })
    listenUntil(happening.s)
    if (set?.before === index) {
      tick(now)
      setBy = set.s
    }
    found.push(...give(detector, happening, index + 1, setBy))
  }
  listenUntil(until)
  return found
}

/** `rule kind second`, the second being that of its receipt. */
export const told = (found: readonly Finding[], rule?: string) =>
  found
    .filter(finding => rule === undefined || finding.rule === rule)
    .map(({ rule, kind, receivedAt }) => `${rule} ${kind} ${(receivedAt - start) / secondMs}`)

export interface Case {
  readonly title: string
  readonly happenings: readonly Happening[]
  readonly rules?: object
  readonly until?: number
  /** `raised 90`, `cleared 120`. */
  readonly expect: readonly string[]
}

export const tellingOf = (rule: string, { happenings, rules, until = 2000 }: Case) =>
  told(watch(happenings, { ...(rules === undefined ? {} : { rules }), until }), rule).map(text =>
    text.slice(rule.length + 1),
  )
