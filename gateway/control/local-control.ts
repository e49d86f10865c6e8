import { type Clock, systemClock } from '../../core/clock.ts'
import { type ErrorCode, LintelError } from '../../core/errors.ts'
import type { Timekeeper } from '../../core/trusted-time/timekeeper.ts'
import { standsAt } from '../../devices/registry/device.ts'
import type { Registry } from '../../devices/registry/registry.ts'
import { backfill } from '../admit/backfill.ts'
import { replay } from '../admit/replay.ts'
import { type NewSighting, sight } from '../admit/sight.ts'
import type { WaitingRoom } from '../admit/waiting-room.ts'
import type { Broker, Refusal } from '../broker/broker.ts'
import type { Journal, JournalReader, ParkedKey } from '../journal/journal.ts'
import { type GatewayControl, maxAlertBytes, type PictureControl } from './gateway-control.ts'

export interface ControlParts {
  /** Absent if no service is running. */
  broker?: Broker
  journal: Journal
  /** Absent if no service is running. */
  waitingRoom?: WaitingRoom
  reader: JournalReader
  registry: Registry
  /** Oldest first. */
  refusals: () => readonly Refusal[]
  metrics?: () => Promise<string>
  /** Number of records that each consumer of the journal is behind. */
  lag?: () => Readonly<Record<string, number>>
  clock?: Clock
  /** Absent if no service is running. */
  time?: Pick<Timekeeper, 'doubtMs' | 'trust'>
}

export function createLocalControl({
  broker,
  journal,
  waitingRoom,
  reader,
  registry,
  refusals,
  metrics,
  lag = () => ({}),
  clock = systemClock,
  time,
}: ControlParts): GatewayControl & PictureControl {
  const missing = (key: ParkedKey) => new LintelError('PARKED_NOT_FOUND', `nothing is parked under ${key}`)
  /** A picture that was acked and cannot be read is a fault to fix in the firmware. */
  function tellSender({ device, event, record: { data } }: NewSighting): void {
    if (data.outcome !== 'unreadable') return
    const reason = 'the picture cannot be read, and is not kept; its event is'
    broker?.command(device, { type: 'refusal', code: data.reason as ErrorCode, reason, id: event })
  }

  return {
    async state() {
      const { refusing } = journal.stats()
      return {
        listening: broker?.addresses ?? {},
        connected: broker?.stats().connected ?? 0,
        ...(refusing === undefined ? {} : { refusing }),
        lag: lag(),
      }
    },
    sessions: async () => broker?.sessions() ?? [],
    refusals: async () => refusals().toReversed(),
    knocks: async () => broker?.knocks() ?? { knocks: [], dropped: 0 },
    async replay(key) {
      const parked = reader.findParked(key)
      if (parked === undefined) throw missing(key)
      const device = registry.get(parked.device)
      if (device === undefined)
        throw new LintelError('DEVICE_NOT_FOUND', `its device ${parked.device} is not enrolled any more`)
      return replay(journal, parked, standsAt(device))
    },
    async drop(key) {
      if (!(await journal.dropParked(key))) throw missing(key)
    },
    backfill: (rows, options) => backfill({ journal, registry }, rows, clock(), options, time?.doubtMs()),
    sight: sightings => sight(journal, sightings, tellSender),
    async erase(pictures) {
      for (const { device, event } of pictures) await waitingRoom?.remove(device, event)
    },
    async publishAlert(site, payload) {
      const bytes = Buffer.byteLength(payload)
      if (bytes > maxAlertBytes)
        throw new LintelError(
          'API_REQUEST_INVALID',
          `${bytes} bytes for a display, which takes ${maxAlertBytes}`,
        )
      await broker?.publishAlert(site, payload)
    },
    async trustClock() {
      if (time === undefined)
        throw new LintelError('API_UNAVAILABLE', 'no service is running: start it, then say so')
      return time.trust()
    },
    metrics: async () => (await metrics?.()) ?? '',
  }
}
