/** Most rows shown on a page; the JSON has all. */
export const maxRows = 200

/** Most severe first. */
const weights = ['critical', 'warning', 'notice']
const timeOf = (ms, zone) =>
  new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' }).format(ms)
const pick = (row, names) => Object.fromEntries(names.map(name => [name, row[name]]))
const counts = ['received', 'stored', 'duplicate', 'parked', 'refused', 'queued', 'difference']

/** A star replaces a hidden number, and follows one that is partly hidden. */
const told = (count, hidden) => (count === null ? (hidden ? '*' : '–') : `${count}${hidden ? '*' : ''}`)

/**
 * Rows of each answer for people, by what was asked for: each cell under the name of its column. Text in both languages
 * is an object with both, and with `href` if it has a page of its own.
 */
export const tables = {
  flow: ({ rows, total, hidden }) => [
    ...rows.map(row => ({ day: row.start.slice(0, 10), passages: told(row.count, row.hidden) })),
    { day: 'total', passages: told(total, hidden) },
  ],
  alerts: ({ alerts }, zone) =>
    alerts
      .toSorted(
        (a, b) => weights.indexOf(a.severity) - weights.indexOf(b.severity) || b.raisedAt - a.raisedAt,
      )
      .map(({ id, raisedAt, severity, status, says }) => ({
        severity,
        time: timeOf(raisedAt, zone),
        status,
        says: { ...says, href: `/alerts/${id}` },
      })),
  points: (points, zone) =>
    points.map(({ kinds, since, ...point }) => ({
      ...pick(point, ['site', 'building', 'point']),
      kinds: kinds.join(', '),
      since: timeOf(since, zone),
    })),
  devices: devices =>
    devices.map(({ events, ...device }) => ({
      ...pick(device, ['device', 'kind', 'site', 'building', 'point']),
      received: events.received,
    })),
  ledger: ({ total, devices, snapshots }) => [
    ...devices.map(row => pick(row, ['device', ...counts])),
    { device: 'total', ...pick(total, counts) },
    { device: 'snapshots', ...pick(snapshots, counts) },
  ],
  audit: (entries, zone) =>
    entries.toReversed().map(({ at, ...entry }) => ({
      time: timeOf(at, zone),
      ...pick(entry, ['who', 'action', 'target', 'address']),
    })),
}
