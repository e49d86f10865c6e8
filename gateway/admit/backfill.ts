import { dayMs } from '../../core/clock.ts'
import type { ErrorCode } from '../../core/errors.ts'
import { backfillDays, type DeviceId } from '../../core/words.ts'
import { findCut } from '../../devices/contract/personal.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import { checkEvent, type Fault } from '../../devices/contract/validate.ts'
import { standsAt } from '../../devices/registry/device.ts'
import type { Registry } from '../../devices/registry/registry.ts'
import type { BackfillOptions, BackfillOutcome, BackfillRow } from '../control/gateway-control.ts'
import type { Item, Journal } from '../journal/journal.ts'
import { placeInPast } from './place-in-time.ts'

interface Placed {
  readonly index: number
  readonly item: Item
  readonly ignored: number
  readonly personal: number
}

/**
 * Admits events of any age. The outcomes are in the order of the rows. The events are late, so they raise no alarm.
 * Resolves once all that is stored is on disk; rejects with the journal's errors: events that were stored by then are
 * duplicates next time.
 */
export async function backfill(
  { journal, registry }: { journal: Journal; registry: Registry },
  rows: readonly BackfillRow[],
  now: number,
  { dryRun, isRelayed }: BackfillOptions,
  doubtMs = 0,
): Promise<BackfillOutcome[]> {
  const outcomes: BackfillOutcome[] = []
  const byDevice = new Map<DeviceId, Placed[]>()
  for (const [index, { device, event }] of rows.entries()) {
    const placed = admitOld(registry, device, event, now, isRelayed, doubtMs)
    if ('code' in placed) {
      outcomes[index] = placed
      continue
    }
    outcomes[index] = 'valid'
    const ofDevice = byDevice.get(device)
    if (ofDevice === undefined) byDevice.set(device, [{ index, ...placed }])
    else ofDevice.push({ index, ...placed })
  }
  if (dryRun) return outcomes
  await Promise.all(
    [...byDevice].map(async ([device, placed]) => {
      const sum = (of: 'ignored' | 'personal') => placed.reduce((total, row) => total + row[of], 0)
      journal.note(device, 'event', {
        received: placed.length,
        ignored: sum('ignored'),
        personal: sum('personal'),
      })
      const answers = await journal.append(
        device,
        placed.map(({ item }) => item),
      )
      for (const [i, { index }] of placed.entries()) outcomes[index] = answers[i] as 'stored' | 'duplicate'
    }),
  )
  return outcomes
}

function admitOld(
  registry: Registry,
  device: DeviceId,
  event: unknown,
  receivedAt: number,
  isRelayed: boolean,
  doubtMs: number,
): Omit<Placed, 'index'> | Fault {
  const known = registry.get(device)
  if (known === undefined) return fault('DEVICE_NOT_FOUND', 'no device of that id is enrolled')
  const checked = checkEvent(event)
  if ('fault' in checked) return checked.fault
  const time = placeInPast(checked.atMs, receivedAt, doubtMs)
  if (time === undefined) return fault('EVENT_TIME_INVALID', '/time is in the future')
  if (isRelayed && receivedAt - time.at > backfillDays * dayMs)
    return fault('EVENT_TIME_INVALID', `/time is older than ${backfillDays} days: backfill it at the centre`)
  const cut = findCut(event as Record<string, unknown>)
  const { type: kind, id, data } = checked.event
  const record = { kind, receivedAt, place: standsAt(known), data, ...time } as EventRecord
  return { item: { id, record }, ignored: cut.ignored + checked.mended.length, personal: cut.personalMembers }
}

const fault = (code: ErrorCode, reason: string): Fault => ({ code, reason })
