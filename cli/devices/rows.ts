import type { DeviceView } from '../../api/operations/operations.ts'
import { formatLocal } from '../../flow/zone.ts'
import { renderCsv } from '../output.ts'

export const deviceStates = ['online', 'offline', 'disabled'] as const
export type DeviceState = (typeof deviceStates)[number]

export const stateOf = ({ enabled, connectedAt }: DeviceView): DeviceState =>
  enabled ? (connectedAt === undefined ? 'offline' : 'online') : 'disabled'

/** The format that `device import` reads; it does not contain the extra settings of gateways and displays. */
export const registryCsv = (devices: readonly DeviceView[]) =>
  renderCsv(
    ['device', 'kind', 'site', 'building', 'point', 'zone', 'household'],
    devices.map(({ device, kind, site, building, point, zone, household }) => [
      device, kind, site, building, point, zone, household ? 'yes' : 'no',
    ]),
  ) // biome-ignore format: a row

export function toRow(view: DeviceView, zone: string) {
  const { device, kind, site, building, point, events } = view
  const { stored, parked, skewed, lastReceivedAt } = events
  return {
    device,
    kind,
    site,
    building,
    point,
    state: stateOf(view),
    events: stored,
    parked,
    skewed,
    last: lastReceivedAt === 0 ? '' : formatLocal(zone, lastReceivedAt),
  }
}

/** Anybody can claim a name: the address says more. */
function refusalText(
  { at, code, reason, claimed, address }: NonNullable<DeviceView['lastRefusal']>,
  zone: string,
): string {
  const who = claimed ? ` (from ${address}, which has not proved to be this device)` : ''
  return `${formatLocal(zone, at)} ${code ?? ''}: ${reason}${who}`
}

export function toText(view: DeviceView, zone: string): string {
  const { events, snapshots, lastRefusal, lastOwnRefusal, connectedAt, enrolledAt, wantedTurn, ...device } =
    view
  const facts: Record<string, unknown> = {
    ...device,
    enrolled: formatLocal(zone, enrolledAt),
    connected: connectedAt === undefined ? 'no' : `since ${formatLocal(zone, connectedAt)}`,
    ...Object.fromEntries(
      Object.entries(events).map(([name, n]) => [
        `events ${name}`,
        name === 'lastReceivedAt' ? (n === 0 ? '' : formatLocal(zone, n)) : n,
      ]),
    ),
    'snapshots stored': snapshots.stored,
    ...(lastRefusal === undefined ? {} : { 'last refusal': refusalText(lastRefusal, zone) }),
    ...(lastOwnRefusal === undefined ? {} : { 'last of its own': refusalText(lastOwnRefusal, zone) }),
  }
  if (wantedTurn !== undefined)
    facts.camera = `seems to be mounted turned: lintel device regions ${view.device} --turned ${wantedTurn}`
  if (events.skewed > 0) facts.clock = 'has been wrong: see events skewed'
  return Object.entries(facts)
    .map(([name, value]) => `${name.padEnd(22)} ${value}`)
    .join('\n')
}
