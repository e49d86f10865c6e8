/** Builds the content of an alert's page: rows of cells, in one language. */

const timeIn = zone => {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
  return at => (at === undefined ? '' : format.format(at))
}

const listed = (parts, text) => parts.filter(part => part !== undefined && part !== '').join(text.comma)

export function factsOf(alert, text) {
  const { place, zone, status, outcome, devices = [], source } = alert
  const time = timeIn(zone)
  const state =
    outcome === undefined ? text.status[status] : `${text.status[status]} (${text.outcome[outcome]})`
  const whose = alert.assignee ?? alert.acknowledgedBy ?? alert.resolvedBy
  const rows = [
    [text.columns.severity, text.severity[alert.severity]],
    [
      text.columns.place,
      listed([place.site, place.building, place.point, place.device], text) || text.service,
    ],
    [text.columns.device, listed([...devices, source?.event], text)],
    [text.columns.occurred, `${time(alert.occurredAt)} (${zone})`],
    [
      text.columns.raised,
      alert.times > 1 ? `${time(alert.raisedAt)} ${text.times(alert.times)}` : time(alert.raisedAt),
    ],
    [text.columns.status, state],
    [text.columns.cleared, time(alert.clearedAt)],
    [text.columns.whose, whose],
    [text.columns.quiet, time(alert.quietUntil)],
    [text.columns.rule, alert.rule],
    [text.columns.id, alert.id],
  ]
  return rows.filter(([, told]) => told !== undefined && told !== '')
}

/** Oldest first. */
export function historyOf({ history, zone }, text, language) {
  const time = timeIn(zone)
  return history.map(({ at, what, by = '', outcome, assignee, channel, note, says }) => [
    time(at),
    text.change[what] ?? what,
    by,
    listed([says?.[language], outcome && text.outcome[outcome], assignee, channel, note], text),
  ])
}

/** What to do, until somebody has closed it; before that how it ended, if it ended by itself. */
export function adviceOf({ status, advice, ended }, language) {
  const todo = status === 'resolved' ? undefined : advice?.[language]
  return [ended?.[language], todo].filter(Boolean).join(' ')
}

const outcomes = ['real', 'false-alarm', 'test', 'maintenance']

/**
 * The buttons of an account that may act on alerts: the end of the path, the body to send, and the word. They are the same
 * ones in the same order whatever the alert's state, so that none takes the place of another under the pointer; `isOver`
 * marks one that would change nothing.
 */
export function actsOf({ status, outcome: told }, permissions, text) {
  if (!permissions.includes('alerts.act')) return []
  const isResolved = status === 'resolved'
  const say = isResolved ? text.correct : text.resolve
  return [
    { act: 'acknowledge', body: {}, word: text.acknowledge, isOver: status !== 'open' },
    { act: 'comment', body: {}, word: text.comment },
    ...outcomes.map(outcome => ({
      act: 'resolve',
      body: { outcome },
      word: say(text.outcome[outcome]),
      isOver: isResolved && outcome === told,
    })),
  ]
}

/** Address and caption of each picture. */
export function picturesOf({ pictures = [], zone }) {
  const time = timeIn(zone)
  return pictures.map(({ device, event, at }) => ({
    href: `/api/v1/snapshots/${encodeURIComponent(device)}/${encodeURIComponent(event)}/picture`,
    told: `${device} ${time(at)}`,
  }))
}
