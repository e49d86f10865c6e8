import { LintelError } from '../../core/errors.ts'
import type { DeviceId } from '../../core/words.ts'
import { importDevices } from '../../devices/registry/csv.ts'
import { type Device, isAtPoint } from '../../devices/registry/device.ts'
import { tallyOf } from '../../gateway/journal/tally.ts'
import { seesSmallNumbers } from '../roles.ts'
import { seesSite, type Viewer } from '../viewer.ts'
import type { OperationParts } from './operation-parts.ts'
import type { DeviceView, Operations, PointView } from './operations.ts'

type DeviceOperations = Pick<
  Operations,
  | 'listPoints' | 'addDevice' | 'announceDevice' | 'importDevices' | 'listDevices' | 'showDevice'
  | 'listUnknown' | 'rotateToken' | 'setEnabled' | 'removeDevice' | 'regions' | 'setRegions'
> // biome-ignore format: names

const nothing = { event: tallyOf(undefined), snapshot: tallyOf(undefined) }

export function createDeviceOperations(
  { registry, journal, control, regions, cameraHints, clock, defaultZone }: OperationParts,
  viewer: Viewer,
): DeviceOperations {
  /** Facts that only the gateway knows; it may be down. */
  async function live() {
    const [sessions, refusals] = await Promise.all([control.sessions(), control.refusals()]).catch(() => [
      [],
      [],
    ])
    return {
      connectedAt: new Map(sessions.map(({ device, connectedAt }) => [device, connectedAt])),
      // Sorted newest first, so reverse: the newest of each device must be inserted last.
      lastRefusal: new Map(refusals.toReversed().map(refusal => [refusal.device, refusal])),
      lastOwn: new Map(
        refusals
          .filter(({ claimed }) => !claimed)
          .toReversed()
          .map(refusal => [refusal.device, refusal]),
      ),
    }
  }

  async function viewAll(devices: readonly Device[]): Promise<DeviceView[]> {
    const { connectedAt, lastRefusal, lastOwn } = await live()
    const { tallies } = journal.audit(journal.end())
    return devices.map(({ tokenHash: _, place: __, ...device }) => {
      const since = connectedAt.get(device.device)
      const refusal = lastRefusal.get(device.device)
      const own = lastOwn.get(device.device)
      const { event, snapshot } = tallies.get(device.device) ?? nothing
      return {
        ...device,
        ...(since === undefined ? {} : { connectedAt: since }),
        events: event,
        snapshots: snapshot,
        ...(refusal === undefined ? {} : { lastRefusal: refusal }),
        ...(own === undefined || own === refusal ? {} : { lastOwnRefusal: own }),
      }
    })
  }

  const talliesOf = (device: DeviceId) => journal.audit(journal.end()).tallies.get(device) ?? nothing

  function turnsOf(id: DeviceId): Pick<DeviceView, 'turned' | 'wantedTurn'> {
    const turned = regions.of(id)?.turned ?? 0
    const wanted = cameraHints?.turnOf(id)
    return {
      ...(turned === 0 ? {} : { turned }),
      ...(wanted === undefined || wanted === turned ? {} : { wantedTurn: wanted }),
    }
  }

  const mine = () => registry.list().filter(({ site }) => seesSite(viewer, site))

  /** A device at another site does not exist for this user. */
  function find(id: DeviceId): Device {
    const device = registry.get(id)
    if (device !== undefined && seesSite(viewer, device.site)) return device
    throw new LintelError('DEVICE_NOT_FOUND', `no device is called ${id}`)
  }

  return {
    // The door of one household amounts to a name, so users who see no small numbers do not get it.
    listPoints: async () =>
      pointsOf(mine().filter(({ household }) => seesSmallNumbers(viewer.role) || !household)),
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
    importDevices: (csv, options) => importDevices(registry, csv, defaultZone, clock(), options),
    async removeDevice(id, { force = false } = {}) {
      const { device } = find(id)
      const { connectedAt } = await live()
      const isConnected = connectedAt.has(device)
      if (isConnected && !force)
        throw new LintelError('DEVICE_CONNECTED', `${device} is connected: disable it, or say that it is to be disconnected (--force)`) // biome-ignore format: one thing
      const { event, snapshot } = talliesOf(device)
      // A connected device may be sending its first event now.
      const forget = !isConnected && event.received === 0 && snapshot.received === 0
      await registry.remove(device, { forget })
      await regions.clear(device)
      return {
        device,
        outcome: forget ? 'forgotten' : 'removed',
        events: event.stored,
        snapshots: snapshot.stored,
      }
    },
    listDevices: () => viewAll(mine()),
    showDevice: async id => ({ ...(await viewAll([find(id)]))[0]!, ...turnsOf(id) }),
    listUnknown: () => control.knocks().catch(() => ({ knocks: [], dropped: 0 })),
    rotateToken: device => registry.rotate(device),
    setEnabled: (device, enabled) => registry.setEnabled(device, enabled),
    regions: async device => regions.of(find(device).device),
    async setRegions(device, wanted) {
      find(device)
      await (wanted === undefined ? regions.clear(device) : regions.set(device, wanted))
    },
  }
}

/** Sorted by name. */
function pointsOf(devices: readonly Device[]): PointView[] {
  const points = new Map<string, PointView>()
  for (const { kind, site, building, point, zone, enrolledAt } of devices) {
    if (!isAtPoint(kind)) continue
    // Names contain no slash.
    const key = [site, building, point].join('/')
    const { kinds = [], since = enrolledAt } = points.get(key) ?? {}
    points.set(key, {
      site,
      building,
      point,
      zone,
      kinds: [...new Set([...kinds, kind])].sort(),
      since: Math.min(since, enrolledAt),
    })
  }
  return [...points].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, point]) => point)
}
