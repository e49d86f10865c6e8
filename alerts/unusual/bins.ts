import { hourMs, minuteMs, secondMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { Place, Seq } from '../../core/words.ts'
import type { Observation } from '../detect/observation.ts'
import type { Change, Counts, FlowPlace } from './flow-place.ts'
import type { FlowKind, Points } from './points.ts'

/** A closed bin for all points; for points not named in it, nothing was counted. */
export interface ClosedBin {
  readonly at: number
  /** By point key. */
  readonly counts: Readonly<Record<string, Counts>>
  /** Points whose count is unknown. */
  readonly missing: readonly string[]
}

interface Head {
  readonly version: number
  readonly stepMin: number
  /** Position of the latest record, and of the one at which the open bin began. */
  readonly seq: Seq
  readonly openSeq: Seq
  /** Start of the open bin. */
  readonly openAt: number
  /** Current time, from receipts and ticks. */
  readonly heardAt: number
  /** Nobody listened for a while before this: bins that began earlier are unknown. */
  readonly deafUntil: number
  /** When it was last checked which devices are away. */
  readonly askedAt: number
}

export const headKey = 'head'
const binKey = (at: number) => `bin/${new Date(at).toISOString()}`

/** A bin waits this long for records under way: devices may send once a minute. */
export const graceMs = minuteMs
/** Devices keep what they cannot send; after a pause shorter than this, all of it still arrives in time. */
const deafAfterMs = 2 * minuteMs
/** Records received before now may not have been read yet. */
const underWayMs = secondMs
/** Several threads deliver records, so a step back this small does not mean the clock was set back. */
const jitterMs = minuteMs
const awayEveryMs = 5 * minuteMs
/** If the clock is set back further than this, it was wrong before: waiting until it catches up would take too long. */
export const setBackMs = 3 * hourMs

export interface BinsOptions {
  readonly stepMin: number
  readonly points: Points
  readonly saved: ReadonlyMap<string, unknown>
  readonly isHousehold: (device: string) => boolean
}

/** Counts granted passages and vehicles in bins of time, which close by the journal's clock. */
export function createBins({ stepMin, points, saved, isHousehold }: BinsOptions) {
  const stepMs = stepMin * minuteMs
  let head = saved.get(headKey) as Head | undefined
  if (head !== undefined && head.version !== 1)
    throw new LintelError('DATA_VERSION', `the state of the flow is of version ${head.version}, not 1`)
  const closed = [...saved].flatMap(([key, value]) => (key.startsWith('bin/') ? [value as ClosedBin] : []))
  const unsaved = new Set<string>()
  const binOf = (at: number) => Math.floor(at / stepMs) * stepMs

  function begin(now: number, seq: Seq): Head {
    return {
      version: 1,
      stepMin,
      seq,
      openSeq: seq,
      openAt: binOf(now),
      heardAt: now,
      deafUntil: now,
      askedAt: 0,
    }
  }

  function advance(now: number): void {
    head ??= begin(now, 0)
    if (now <= head.heardAt) return
    const wasDeaf = now - head.heardAt > deafAfterMs
    head = { ...head, heardAt: now, deafUntil: wasDeaf ? now : head.deafUntil }
    if (now < head.openAt + stepMs + graceMs) return
    close(head.openAt)
    const openAt = Math.max(head.openAt + stepMs, binOf(now - graceMs))
    head = { ...head, openAt, openSeq: head.seq }
    for (const point of points.all()) points.close(point, openAt)
  }

  function close(at: number): void {
    if (at < head!.deafUntil) return
    const counts: Record<string, Counts> = {}
    const missing: string[] = []
    for (const { key, bins, away, missingUntil } of points.all()) {
      const [, ...counted] = bins.find(bin => bin[0] === at) ?? [at, 0, 0]
      if (away || at < missingUntil) missing.push(key)
      else if (counted[0] + counted[1] > 0) counts[key] = counted
    }
    closed.push({ at, counts, missing })
    unsaved.add(binKey(at))
  }

  return {
    stepMs,
    take({ seq, device, record }: Observation, place: Place): void {
      advance(record.receivedAt)
      head = { ...head!, seq }
      const flow = flowOf(record)
      if (flow === undefined) return
      const point = points.get(place)
      if (isHousehold(device)) {
        if (point !== undefined) points.remove(point)
        return
      }
      const { openAt, heardAt } = head
      const at = binOf(record.at)
      // A device that sends a backlog may not have sent all of it, so the open bin is unknown, too.
      if (record.late) point && points.learnAgain(point, heardAt, { missingUntil: heardAt })
      else if (at < openAt) point && points.learnAgain(point, heardAt)
      else if (at <= openAt + stepMs) points.count(place, flow.kind, flow.counts, at, heardAt)
    },
    tick(clock: number, isAway: (place: FlowPlace) => boolean): void {
      const now = clock - underWayMs
      head ??= begin(now, 0)
      if (now < head.openAt - setBackMs) {
        head = begin(now, head.seq)
        for (const { at } of closed.splice(0)) unsaved.add(binKey(at))
        for (const point of points.all()) points.startAnew(point, now)
      }
      // Set back by less: records that were counted in open bins will be counted a second time.
      const { heardAt, deafUntil, askedAt } = head
      if (now < heardAt - jitterMs && deafUntil <= heardAt) head = { ...head, deafUntil: heardAt + 1 }
      if (Math.floor(now / awayEveryMs) !== Math.floor(askedAt / awayEveryMs)) {
        for (const point of points.all()) points.setAway(point, isAway(point.place), now)
        head = { ...head, askedAt: now }
      }
      advance(now)
    },
    /** Oldest first. */
    closed: (): readonly ClosedBin[] => closed,
    /** Call when it has been judged. */
    done(bin: ClosedBin): Change {
      if (closed[0] === bin) closed.shift()
      const key = binKey(bin.at)
      unsaved.delete(key)
      return [key, undefined]
    },
    openAt: () => head?.openAt,
    openSeq: () => head?.openSeq ?? 0,
    now: () => head?.heardAt ?? 0,
    changed(): Change[] {
      const byKey = new Map(closed.map(bin => [binKey(bin.at), bin]))
      const changes = [...unsaved].map(key => [key, byKey.get(key)] as const)
      unsaved.clear()
      return head === undefined ? changes : [[headKey, head], ...changes]
    },
  }
}
export type Bins = ReturnType<typeof createBins>

function flowOf({ kind, data }: Observation['record']): { kind: FlowKind; counts: Counts } | undefined {
  if (kind === 'passage' && data.result !== 'granted') return undefined
  if (kind !== 'passage' && kind !== 'vehicle') return undefined
  return { kind, counts: data.direction === 'in' ? [1, 0] : [0, 1] }
}
