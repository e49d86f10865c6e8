import type { Clock } from '../core/clock.ts'
import { LintelError } from '../core/errors.ts'
import type { DeviceId } from '../core/words.ts'
import { importDevices } from '../devices/registry/csv.ts'
import type { Device } from '../devices/registry/device.ts'
import type { DeviceRegions } from '../devices/registry/device-regions.ts'
import type { Registry } from '../devices/registry/registry.ts'
import { answerFlow } from '../flow/query.ts'
import type { Door } from '../gateway/control/door.ts'
import type { JournalReader } from '../gateway/journal/journal.ts'
import { tallyOf } from '../gateway/journal/tally.ts'
import type { Holds } from '../gateway/snapshots/holds.ts'
import type { Picture, PictureKey, SnapshotReader } from '../gateway/snapshots/snapshots.ts'
import type { Store } from '../ingest/store/store.ts'
import { type Recipient, takeLedger } from './ledger.ts'
import type { DeviceView, Operations, SnapshotView } from './operations.ts'

export interface OperationParts {
  registry: Registry
  journal: JournalReader
  /** Absent on a gateway alone. */
  store: Store | undefined
  /** Where a gateway alone has a centre that it reports to: what that has taken over. */
  uplink?: Recipient
  snapshots: SnapshotReader
  holds: Holds
  regions: DeviceRegions
  door: Door
  clock: Clock
  defaultZone: string
}

/** The operations on the parts themselves, in the process that holds the registry. */
export function createOperations({
  registry,
  journal,
  store,
  uplink,
  snapshots,
  holds,
  regions,
  door,
  clock,
  defaultZone,
}: OperationParts): Operations {
  /** What only the gateway knows, and may be down. */
  async function live() {
    const [sessions, refusals] = await Promise.all([door.sessions(), door.refusals()]).catch(() => [[], []])
    return {
      connectedAt: new Map(sessions.map(({ device, connectedAt }) => [device, connectedAt])),
      // Newest first, so the first of each device is put in last.
      lastRefusal: new Map(refusals.toReversed().map(refusal => [refusal.device, refusal])),
    }
  }

  async function viewAll(devices: readonly Device[]): Promise<DeviceView[]> {
    const { connectedAt, lastRefusal } = await live()
    const { tallies } = journal.audit(journal.end())
    return devices.map(({ tokenHash: _, place: __, ...device }) => {
      const since = connectedAt.get(device.device)
      const refusal = lastRefusal.get(device.device)
      const { event, snapshot } = tallies.get(device.device) ?? {
        event: tallyOf(undefined),
        snapshot: tallyOf(undefined),
      }
      return {
        ...device,
        ...(since === undefined ? {} : { connectedAt: since }),
        events: event,
        snapshots: snapshot,
        ...(refusal === undefined ? {} : { lastRefusal: refusal }),
      }
    })
  }

  function findParked(key: number) {
    const found = journal.findParked(key)
    if (found === undefined) throw new LintelError('PARKED_NOT_FOUND', `nothing is parked under ${key}`)
    return found
  }

  function view({ place, ...picture }: Picture): SnapshotView {
    const { site = '', building = '', point = '' } = registry.place(place) ?? {}
    const hold = holds.of(picture)
    return { ...picture, site, building, point, ...(hold === undefined ? {} : { hold }) }
  }

  function findSnapshot(key: PictureKey): Picture {
    const found = snapshots.find(key)
    if (found !== undefined) return found
    throw new LintelError(
      'SNAPSHOT_NOT_FOUND',
      `there is no picture of event ${key.event} of ${key.device}: lintel flow --measure pictures --by device,outcome counts what became of them`,
    )
  }

  function assertDevice(device: DeviceId): void {
    if (registry.get(device) === undefined)
      throw new LintelError('DEVICE_NOT_FOUND', `no device is called ${device}`)
  }

  return {
    async addDevice(device) {
      const withZone =
        typeof device === 'object' && device !== null ? { zone: defaultZone, ...device } : device
      const [answer] = await registry.enrol([withZone], clock())
      if (answer!.outcome === 'refused') throw new LintelError('DEVICE_INVALID', answer!.reason)
      return answer!
    },
    announceDevice(announced) {
      const { gateway, ...row } = Object(announced) as { gateway?: unknown }
      return registry.announce(typeof gateway === 'string' ? gateway : '', row, clock())
    },
    importDevices: csv => importDevices(registry, csv, defaultZone, clock()),
    listDevices: () => viewAll(registry.list()),
    async showDevice(id) {
      assertDevice(id)
      return (await viewAll([registry.get(id)!]))[0]!
    },
    rotateToken: device => registry.rotate(device),
    setEnabled: (device, enabled) => registry.setEnabled(device, enabled),
    async flow(question) {
      if (store === undefined)
        throw new LintelError(
          'STORE_UNAVAILABLE',
          'this is a gateway alone: ask the centre that it reports to',
        )
      return answerFlow(question, store)
    },
    async regions(device) {
      assertDevice(device)
      return regions.of(device)
    },
    async setRegions(device, wanted) {
      assertDevice(device)
      await (wanted === undefined ? regions.clear(device) : regions.set(device, wanted))
    },
    listSnapshots: async query => snapshots.list(query).map(view),
    showSnapshot: async key => view(findSnapshot(key)),
    async readSnapshot(key) {
      const jpeg = await snapshots.read(findSnapshot(key))
      if (jpeg !== undefined) return jpeg
      throw new LintelError('SNAPSHOT_NOT_FOUND', `the picture of event ${key.event} is gone`)
    },
    holdSnapshot: ({ device, event }, hold) =>
      holds.hold(findSnapshot({ device, event }), { ...hold, at: clock() }),
    releaseSnapshot: key => holds.release(key),
    ledger: () => takeLedger(journal, store ?? uplink),
    listParked: async limit => journal.parked(limit),
    showParked: async key => findParked(key),
    async replayParked(key) {
      findParked(key)
      return door.replay(key)
    },
    async dropParked(key) {
      findParked(key)
      await door.drop(key)
    },
  }
}
