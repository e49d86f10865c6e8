import { formatRfc3339 } from '../../core/rfc3339.ts'
import { createDeviceClient, type DeviceClient, type DeviceClientOptions } from '../client/client.ts'
import { createMemoryOutbox } from '../client/memory-outbox.ts'
import type { NewDevice } from '../registry/device.ts'
import { characterOf } from './character.ts'
import { type TimedEvent, type TownMood, timedEventsOf } from './events.ts'
import { awayOf, repeatAfterMs } from './faults.ts'
import type { incidentsAt } from './incidents.ts'

export interface Due extends TimedEvent {
  /** It is sent for the second time. */
  readonly repeated: boolean
}

/** A device of the town: its position in its own story, its outbox, and its client while it is on the network. */
export interface TownDevice {
  readonly device: NewDevice
  /** The next event to send, if its time has come by `now`. */
  take(now: number): Due | undefined
  /** It has sent everything up to this time; `toMs` at the end. */
  sentTo(): number
  isAway(now: number): boolean
  client(): DeviceClient | undefined
  connect(): DeviceClient
  disconnect(goodbye: boolean): Promise<void>
  queued(): { events: number; bytes: number }
  /** Totals over all its connections. */
  totals(): { acked: number; resent: number; refusals: number }
}

export interface TownDeviceOptions {
  device: NewDevice
  fromMs: number
  toMs: number
  seed: number
  mood: TownMood
  incidents: ReturnType<typeof incidentsAt>
  duplicateShare: number
  awayShare: number
  /** The ms by which its clock is ahead. */
  skewMs: number
  connectWith: Pick<DeviceClientOptions, 'url' | 'token'> & Partial<DeviceClientOptions>
}

export function createTownDevice(options: TownDeviceOptions): TownDevice {
  const { device, fromMs, toMs, seed, duplicateShare, skewMs } = options
  const story = timedEventsOf(device, fromMs, toMs, seed, options.mood)
  const { firmware } = characterOf(device, seed)
  const outbox = createMemoryOutbox()
  const repeats: Due[] = []
  const incidents = [...options.incidents.events]
  let next: TimedEvent | undefined
  let begun = false
  let client: DeviceClient | undefined
  const past = { acked: 0, resent: 0, refusals: 0 }

  /** Not at creation: 2,400 devices that all look ahead at once would delay the start. */
  function peek(): TimedEvent | undefined {
    if (!begun) {
      begun = true
      next = read()
    }
    return next
  }

  function read(): TimedEvent | undefined {
    let { value } = story.next()
    while (value !== undefined && options.incidents.isBusy(value)) value = story.next().value
    if (value === undefined || skewMs === 0) return value ?? undefined
    return { at: value.at, event: { ...value.event, time: formatRfc3339(value.at + skewMs) } }
  }

  return {
    device,
    take(now) {
      const first = peek()
      if (incidents.length > 0 && incidents[0]!.at <= now && incidents[0]!.at <= (first?.at ?? Infinity))
        return { ...incidents.shift()!, repeated: false }
      if (repeats.length > 0 && repeats[0]!.at <= now && repeats[0]!.at <= (first?.at ?? Infinity)) {
        return repeats.shift()
      }
      if (first === undefined || first.at > now) return undefined
      next = read()
      const delayMs = repeatAfterMs(device.device, first.event.id, seed, duplicateShare)
      if (delayMs !== undefined) {
        repeats.push({ at: Math.min(first.at + delayMs, toMs - 1), event: first.event, repeated: true })
        repeats.sort((a, b) => a.at - b.at)
      }
      return { ...first, repeated: false }
    },
    sentTo: () => Math.min(peek()?.at ?? toMs, repeats[0]?.at ?? toMs, incidents[0]?.at ?? toMs),
    isAway: awayOf(device.device, seed, options.awayShare),
    client: () => client,
    connect() {
      client ??= createDeviceClient({ ...options.connectWith, device: device.device, firmware, outbox })
      return client
    },
    async disconnect(goodbye) {
      const leaving = client
      client = undefined
      if (leaving === undefined) return
      await leaving.close({ goodbye })
      const { acked, resent, refusals } = leaving.counters()
      past.acked += acked
      past.resent += resent
      past.refusals += refusals
    },
    queued: () => ({ events: outbox.size(), bytes: outbox.bytes() }),
    totals() {
      const now = client?.counters()
      return {
        acked: past.acked + (now?.acked ?? 0),
        resent: past.resent + (now?.resent ?? 0),
        refusals: past.refusals + (now?.refusals ?? 0),
      }
    },
  }
}
