import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Operations } from '../../api/operations/operations.ts'
import { dayMs } from '../../core/clock.ts'
import { dataPaths, readIfThere } from '../../core/data-directory.ts'
import { LintelError } from '../../core/errors.ts'
import type { EventType } from '../../devices/contract/kinds.ts'
import type { NewDevice } from '../../devices/registry/device.ts'
import { type TownMood, timedEventsOf } from '../../devices/town/events.ts'
import type { BackfillRow } from '../../gateway/control/gateway-control.ts'

export interface History {
  readonly devices: readonly NewDevice[]
  readonly seed: number
  readonly mood: TownMood
}

/** Event types stored for all weeks; on the last day, all types are. */
const counted: readonly EventType[] = ['passage', 'vehicle']
const weeksMs = 28 * dayMs
const partRows = 500
/** Parts sent at once: the journal collects what arrives meanwhile in one commit. */
const atOnce = 6

/** Stores what happened before `now`, unless an earlier run has; resolves to the number of events. */
export async function backfillHistory(
  { backfill }: Pick<Operations, 'backfill'>,
  data: string,
  history: History,
  now: number,
): Promise<number> {
  const path = join(dataPaths(data).root, 'simulated.history.json')
  const { until = 0 } = JSON.parse(readIfThere(path) ?? '{}') as { until?: number }
  const rows = rowsBetween(history, Math.max(until, now - weeksMs), Math.max(until, now - dayMs), now)
  let count = 0
  async function send(): Promise<void> {
    for (let part = takePart(rows); part.length > 0; part = takePart(rows)) {
      const before = count
      count += part.length
      const hash = createHash('sha256').update(JSON.stringify(part[0])).digest('hex')
      const file = { name: `demo ${before}`, hash }
      const { outcomes } = await backfill({ file, before: 0, rows: part, dryRun: false })
      const fault = outcomes.find(outcome => typeof outcome === 'object')
      if (fault !== undefined) throw new LintelError(fault.code, fault.reason)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, send))
  writeFileSync(path, JSON.stringify({ until: now }), { mode: 0o600 })
  return count
}

function takePart(rows: Iterator<BackfillRow>): BackfillRow[] {
  const part: BackfillRow[] = []
  while (part.length < partRows) {
    const { value, done } = rows.next()
    if (done) break
    part.push(value as BackfillRow)
  }
  return part
}

function* rowsBetween(
  { devices, seed, mood }: History,
  from: number,
  lastDay: number,
  now: number,
): Generator<BackfillRow, void> {
  for (const { device, ...place } of devices)
    for (const { at, event } of timedEventsOf({ device, ...place }, from, now, seed, mood))
      if (at >= lastDay || counted.includes(event.type)) yield { device, event }
}
