import type { DeviceId, Place } from '../../core/words.ts'
import { type Device, faultOfDevice, isAtPoint, type NewDevice, samePlace, sameSites } from './device.ts'
import { hashToken, newToken } from './token.ts'

export type Enrolled =
  | { readonly outcome: 'enrolled'; readonly device: DeviceId; readonly token: string }
  | { readonly outcome: 'moved' | 'unchanged'; readonly device: DeviceId }
  | { readonly outcome: 'refused'; readonly device: string; readonly reason: string }

export interface Known {
  readonly device: Device | undefined
  /** The device as it was, if it was removed: values that are not given again stay as they were. */
  readonly removed: Omit<Device, 'tokenHash'> | undefined
  placeOf(device: Pick<Device, 'place'>): Place | undefined
}

/** The answer to a row. `put` returns what to write; it takes the number of a new place from `nextPlace`. */
export interface Enrolment {
  readonly answer: Enrolled
  readonly put?: (nextPlace: () => number) => { readonly device: Device; readonly place?: Place }
}

/** Pure, except for the token that it makes. */
export function enrolOne(
  row: unknown,
  find: (device: DeviceId) => Known,
  now: number,
  via?: DeviceId,
): Enrolment {
  const named = (row as { device?: unknown } | null)?.device
  const shown = typeof named === 'string' ? named.slice(0, 64) : ''
  const fault = faultOfDevice(row)
  if (fault !== undefined) return { answer: { outcome: 'refused', device: shown, reason: fault } }
  const wanted = row as NewDevice
  const { device: known, removed, placeOf } = find(wanted.device)
  const before = known ?? removed
  const change = faultOfChange(wanted, before)
  if (change !== undefined) return { answer: { outcome: 'refused', device: shown, reason: change } }
  const { device, site, building, point, zone, kind } = wanted
  // A list has no column for them, so it leaves them as they are.
  const sites = wanted.sites ?? known?.sites ?? []
  const household = wanted.household ?? before?.household ?? false
  const pauseS = wanted.pauseS ?? before?.pauseS ?? 0
  // A device with a token of its own keeps it, even if a gateway announces it.
  const through = known === undefined || known.via !== undefined ? (via ?? known?.via) : undefined
  const oldPlace = before && placeOf(before)
  const stays = before?.kind === kind && oldPlace !== undefined && samePlace(oldPlace, wanted)
  const sameRest =
    sameSites(known?.sites, sites) &&
    (known?.household ?? false) === household &&
    (known?.pauseS ?? 0) === pauseS
  if (known !== undefined && stays && sameRest && known.via === through)
    return { answer: { outcome: 'unchanged', device } }
  const token = newToken()
  return {
    answer: known === undefined ? { outcome: 'enrolled', device, token } : { outcome: 'moved', device },
    put(nextPlace) {
      const place = stays ? before!.place : nextPlace()
      const enrolled: Device = {
        device, kind, site, building, point, zone, place,
        enabled: known?.enabled ?? true,
        tokenHash: known?.tokenHash ?? hashToken(token),
        // A device that comes back keeps its first time: days were reported with it.
        enrolledAt: before?.enrolledAt ?? now,
        ...(sites.length === 0 ? {} : { sites }),
        ...(household ? { household } : {}),
        ...(pauseS > 0 ? { pauseS } : {}),
        ...(through === undefined ? {} : { via: through }),
      } // biome-ignore format: the device, then what the registry adds
      return stays ? { device: enrolled } : { device: enrolled, place: { id: place, device, site, building, point, zone } } // biome-ignore format: one thing
    },
  }
}

/** A slip in a list must not turn a door's token into one that speaks for a site or sees its alerts, nor the other way round. */
function faultOfChange(
  { device, kind }: NewDevice,
  known: Pick<Device, 'kind'> | undefined,
): string | undefined {
  if (known === undefined || known.kind === kind || (isAtPoint(known.kind) && isAtPoint(kind)))
    return undefined
  return `${device} is a ${known.kind}: it cannot become a ${kind}`
}
