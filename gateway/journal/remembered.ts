import type { Database } from 'lmdb'
import { dayMs } from '../../core/clock.ts'
import { backfillDays } from '../../core/words.ts'

/** How many ids one pass looks at: 10 ms of the writing thread, 40 where all of them go. */
const sweepStep = 10_000
/** A pass is due this often; a whole round of 30 million ids then takes two days. */
const sweepEveryMs = 60_000

/**
 * The ids that were stored in the last 31 days, so that a re-sent event is known. One key an id, its
 * value the day it was received; a slow sweep in key order forgets what is too old, which costs no
 * second index. An event older than that is not
 * stored in its own time. Past the bound on their number, whole days are forgotten from the oldest on; those
 * of today never.
 */
export interface Remembered {
  day(now: number): Buffer
  /** False if the id is known already. Call inside a transaction. */
  add(key: Buffer, today: Buffer, byDay: Record<string, number>): boolean
  due(now: number, byDay: Record<string, number>): boolean
  /** One step of the sweep. Call inside a transaction. */
  forget(now: number, byDay: Record<string, number>): void
  stats(byDay: Record<string, number>): { remembered: number; rememberedDays: number }
}

const row = Buffer.alloc(4)

/** The value of a remembered id: its day, and a check of both. Good until the next call. */
export function dayWithCheck(key: Buffer, day: Buffer): Buffer {
  day.copy(row, 0, 0, 2)
  row.writeUInt16BE(checkOf(key, row), 2)
  return row
}

/** Whether it is as it was written. An older version wrote the day alone, without a check. */
export function isRememberedRow(key: Buffer, value: Buffer, { isChecked }: { isChecked: boolean }): boolean {
  if (key.length < 5) return false
  if (value.length === 2) return !isChecked
  return value.length === 4 && value.readUInt16BE(2) === checkOf(key, value)
}

/** FNV-1a, folded: 30 ns where zlib's CRC takes 200. Millions of ids are remembered, so it is kept to 16 bits. */
function checkOf(key: Buffer, value: Buffer): number {
  let hash = 0x811c_9dc5
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key[index]!, 0x0100_0193)
  hash = Math.imul(hash ^ value[0]!, 0x0100_0193)
  hash = Math.imul(hash ^ value[1]!, 0x0100_0193)
  return (hash ^ (hash >>> 16)) & 0xffff
}

export function openRemembered(seen: Database<Buffer, Buffer>, maxRememberedIds: number): Remembered {
  let sweepFrom: Buffer | undefined
  let sweptAt = Number.NEGATIVE_INFINITY

  const total = (byDay: Record<string, number>) => Object.values(byDay).reduce((sum, n) => sum + n, 0)

  /** The first day that is still remembered. */
  function horizon(today: number, byDay: Record<string, number>): number {
    let first = today - backfillDays
    let left = 0
    for (const [day, n] of Object.entries(byDay)) if (Number(day) >= first) left += n
    while (left > maxRememberedIds && first < today) left -= byDay[first++] ?? 0
    return first
  }

  return {
    day(now) {
      const day = Buffer.allocUnsafe(2)
      day.writeUInt16BE(Math.floor(now / dayMs))
      return day
    },
    add(key, today, byDay) {
      // lmdb's types say void; with noOverwrite it answers whether the key was new.
      const isNew = seen.putSync(key, dayWithCheck(key, today), { noOverwrite: true }) as unknown as boolean
      if (!isNew) return false
      const day = today.readUInt16BE(0)
      byDay[day] = (byDay[day] ?? 0) + 1
      return true
    },
    due(now, byDay) {
      if (total(byDay) > maxRememberedIds) return true
      return now - sweptAt >= sweepEveryMs
    },
    forget(now, byDay) {
      sweptAt = now
      const first = horizon(Math.floor(now / dayMs), byDay)
      const old: [Buffer, number][] = []
      let last: Buffer | undefined
      let looked = 0
      const from = sweepFrom === undefined ? {} : { start: sweepFrom }
      for (const { key, value } of seen.getRange({ ...from, limit: sweepStep })) {
        const day = value.readUInt16BE(0)
        last = Buffer.from(key)
        if (day < first) old.push([last, day])
        looked++
      }
      for (const [key, day] of old) {
        seen.removeSync(key)
        const left = (byDay[day] ?? 0) - 1
        if (left > 0) byDay[day] = left
        else delete byDay[day]
      }
      sweepFrom = looked < sweepStep ? undefined : last
    },
    stats(byDay) {
      const days = Object.keys(byDay).map(Number)
      return {
        remembered: total(byDay),
        rememberedDays: days.length === 0 ? 0 : Math.max(...days) - Math.min(...days) + 1,
      }
    },
  }
}
