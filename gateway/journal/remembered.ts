import type { Database } from 'lmdb'
import { dayMs } from '../../core/clock.ts'
import { backfillDays } from '../../core/words.ts'
import { type Identified, type Known, likenessOf } from './content.ts'
import type { Totals } from './lmdb-layout.ts'
import { contentIn, dayOf, lapOf, otherKey, rememberedRow } from './remembered-row.ts'
import { type Share, Shares } from './shares.ts'

/** Ids that one pass looks at. It takes 10 ms of the writing thread, 40 if all of them are removed. */
const sweepStep = 10_000
/** The interval of passes; a whole round of 30 million ids then takes two days. */
const sweepEveryMs = 60_000
/** With this many forgotten ids still on disk, a pass is due each time. */
const muchDead = 100_000
/** A device's ids of one day are divided into parts of this share of the bound, so that the older parts can go. */
const lapShare = 1 / 16
/** The share of the bound that is freed at once: finding the device that has most means looking at all. */
const roomShare = 1 / 64

/**
 * The ids that were stored in the last 31 days, so that a re-sent event is known. Each id is a key; its value has the day
 * of the commit that stored it, and the content of its event (remembered-row.ts). An event older than that is not stored
 * with its own time.
 *
 * Whether an id is known depends only on what was committed and when: days end by the time of a commit, and when there
 * are more ids than the bound, the device that has most loses its oldest day before others lose any. A slow sweep in key
 * order then removes forgotten ids from disk; it decides nothing.
 */
export interface Remembered {
  /** Call it at the start of a commit. `begin`, `add`, `settle` and `sweep` are for inside the transaction. */
  begin(now: number, totals: Totals): void
  /** Tells whether the id is known, and how the event compares. A different event is then remembered, too. */
  add(key: Buffer, event: Identified, device: number, totals: Totals): Known
  /** Call it at the end of a commit: forgets ids if there are too many. */
  settle(totals: Totals): void
  /** `done`: the commit is on disk. `undo`: it has failed. */
  done(): void
  undo(): void
  due(now: number, totals: Totals): boolean
  /** Does one step of the sweep. */
  sweep(now: number, totals: Totals): void
  stats(totals: Totals): RememberedStats
}

export interface RememberedStats {
  /** Ids that are remembered. `rememberedDays`: for how many days; fewer than 31 if the bound was reached. */
  readonly remembered: number
  readonly rememberedDays: number
  /** Ids ever forgotten before their time, because there were too many. */
  readonly rememberedGaveWay: number
  /** Remembered ids of the device that has most. */
  readonly rememberedLargest: number
}

export function openRemembered(
  seen: Database<Buffer, Buffer>,
  table: Database<Buffer, number>,
  maxRememberedIds: number,
): Remembered {
  const shares = new Shares(table)
  const lapIds = Math.max(1, Math.floor(maxRememberedIds * lapShare))
  let today = 0
  let sweepFrom: Buffer | undefined
  let sweptAt = Number.NEGATIVE_INFINITY
  let largest = mostIds()

  function mostIds(): number {
    let most = 0
    for (const [, { ids }] of shares.all()) most = Math.max(most, ids)
    return most
  }

  const live = ({ remembered }: Totals) => Object.values(remembered).reduce((sum, n) => sum + n, 0)

  function isForgotten(share: Share | undefined, value: Buffer, { forgetting }: Totals): boolean {
    const day = dayOf(value)
    if (day < forgetting.horizon) return true
    if (share === undefined) return false
    const lap = lapOf(value)
    const { gone } = share
    return day < gone.day || (day === gone.day && lap <= gone.lap)
  }

  /** The part of today that the next id of a device belongs to. */
  function segmentOf(share: Share) {
    const last = share.segments.at(-1)
    if (last !== undefined && last.day === today && last.ids < lapIds) return last
    const lap = last?.day === today ? last.lap + 1 : 0
    const next = { day: today, lap, ids: 0 }
    share.segments.push(next)
    return next
  }

  /** Forgets the oldest day of a device; if that is today, only its oldest part. */
  function dropOldest(device: number, totals: Totals): number {
    const share = shares.touch(device)
    const { day } = share.segments[0]!
    let ids = 0
    do {
      const { lap, ids: ofLap } = share.segments.shift()!
      ids += ofLap
      share.gone = { day, lap }
    } while (day !== today && share.segments[0]?.day === day)
    share.ids -= ids
    totals.forgetting.dead += ids
    const left = (totals.remembered[day] ?? 0) - ids
    if (left > 0) totals.remembered[day] = left
    else delete totals.remembered[day]
    return ids
  }

  /** Forgets all days before the last 31. If a person has set the time back, the days start again. */
  function moveHorizon(totals: Totals): void {
    const { forgetting } = totals
    const first = today - backfillDays
    if (today < forgetting.horizon) forgetting.horizon = first
    if (first <= forgetting.horizon) return
    forgetting.horizon = first
    for (const [device, { segments }] of shares.all())
      while (segments[0] !== undefined && segments[0].day < first) dropOldest(device, totals)
  }

  function remember(key: Buffer, event: Identified, share: Share, totals: Totals): Known {
    const segment = segmentOf(share)
    const value = rememberedRow(key, today, segment.lap, event.content)
    // lmdb's types say void; with noOverwrite it returns whether the key was new.
    const isNew = seen.putSync(key, value, { noOverwrite: true }) as unknown as boolean
    if (!isNew) {
      const known = seen.getBinary(key)!
      if (!isForgotten(share, known, totals)) return likenessOf(contentIn(known), event)
      seen.putSync(key, value)
      totals.forgetting.dead--
    }
    segment.ids++
    share.ids++
    totals.remembered[today] = (totals.remembered[today] ?? 0) + 1
    return 'new'
  }

  return {
    begin(now, totals) {
      const day = Math.floor(now / dayMs)
      if (day === today) return
      today = day
      moveHorizon(totals)
    },
    add(key, event, device, totals) {
      const share = shares.touch(device)
      const known = remember(key, event, share, totals)
      if (known !== 'other') return known
      return remember(otherKey(key, event.content), event, share, totals) === 'new' ? 'other' : 'same'
    },
    settle(totals) {
      let excess = live(totals) - maxRememberedIds
      if (excess > 0) excess += Math.floor(maxRememberedIds * roomShare)
      while (excess > 0) {
        let most: number | undefined
        let ids = 0
        // A device may resend its latest events at any moment: their part stays. Of two with as many, the lower number gives way.
        for (const [device, share] of shares.all()) {
          if (share.segments.length < 2 || share.ids < ids) continue
          if (share.ids > ids || most === undefined || device < most) [most, ids] = [device, share.ids]
        }
        if (most === undefined) break
        const dropped = dropOldest(most, totals)
        totals.forgetting.gaveWay += dropped
        excess -= dropped
      }
      shares.save()
    },
    done: () => shares.saved(),
    undo() {
      shares.undo()
      // The horizon was restored with the totals.
      today = 0
    },
    due(now, { forgetting }) {
      return forgetting.dead > muchDead || now - sweptAt >= sweepEveryMs || now < sweptAt
    },
    sweep(now, totals) {
      sweptAt = now
      // No id stays known for longer because nothing is committed: the next commit comes no earlier than this.
      this.begin(now, totals)
      this.settle(totals)
      largest = mostIds()
      const doomed: Buffer[] = []
      let last: Buffer | undefined
      let looked = 0
      const from = sweepFrom === undefined ? {} : { start: sweepFrom }
      for (const { key, value } of seen.getRange({ ...from, limit: sweepStep })) {
        last = Buffer.from(key)
        if (isForgotten(shares.get(key.readUInt32BE(0)), value, totals)) doomed.push(last)
        looked++
      }
      for (const key of doomed) seen.removeSync(key)
      // It may be below 0 for a while if days were out of order; with the remembered ids it is always the number on disk.
      totals.forgetting.dead -= doomed.length
      sweepFrom = looked < sweepStep ? undefined : last
    },
    stats(totals) {
      const days = Object.keys(totals.remembered).map(Number)
      return {
        remembered: live(totals),
        rememberedDays: days.length === 0 ? 0 : Math.max(...days) - Math.min(...days) + 1,
        rememberedGaveWay: totals.forgetting.gaveWay,
        rememberedLargest: largest,
      }
    },
  }
}

/** A day has fewer parts. */
const laps = 65_536

/** Counts the ids of a journal without shares, once: a second for a million. Call it within a transaction. */
export function countShares(
  seen: Database<Buffer, Buffer>,
  table: Database<Buffer, number>,
): Totals['remembered'] {
  const byDay: Record<string, number> = {}
  /** The ids of each device, by day and part of the day in one number. */
  const ofDevice = new Map<number, Map<number, number>>()
  for (const { key, value } of seen.getRange()) {
    const device = key.readUInt32BE(0)
    const day = dayOf(value)
    const part = day * laps + lapOf(value)
    const parts = ofDevice.get(device) ?? new Map<number, number>()
    ofDevice.set(device, parts.set(part, (parts.get(part) ?? 0) + 1))
    byDay[day] = (byDay[day] ?? 0) + 1
  }
  const shares = new Shares(table)
  for (const [device, parts] of ofDevice) {
    const share = shares.touch(device)
    const inTurn = [...parts].sort(([a], [b]) => a - b)
    share.segments = inTurn.map(([part, ids]) => ({ day: Math.floor(part / laps), lap: part % laps, ids }))
  }
  shares.save()
  return byDay
}
