import { setImmediate } from 'node:timers/promises'
import type { Alert, Status } from '../../alerts/book/alert.ts'
import type { Alerts, Snooze } from '../../alerts/book/alerts.ts'
import { type AlertCase, type Range, reportOn } from '../../alerts/book/report.ts'
import type { FindingPlace } from '../../alerts/rules/rule.ts'
import { ruleNames } from '../../alerts/rules/rule-description.ts'
import { dayMs, hourMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { DeviceId } from '../../core/words.ts'
import { seesSite, type Viewer } from '../viewer.ts'
import { type AlertPictureParts, createAlertPictures } from './alert-pictures.ts'
import { type AlertOperations, type ReportQuestion, viewAlert, viewChange } from './alert-view.ts'
import type { OperationParts } from './operation-parts.ts'

const shiftMs = 12 * hourMs
const longestReportMs = 366 * dayMs
/** About 5 s of work, in turns. */
const maxReported = 50_000
const pageSize = 200
/** Alerts that began longer before the range and were closed within it are not counted. */
const lookBackMs = 31 * dayMs

export function createAlertOperations(
  parts: AlertPictureParts & Pick<OperationParts, 'alerts' | 'access'>,
  viewer: Viewer,
): AlertOperations {
  const { alerts, registry, access, clock } = parts
  const { name: by, sites: own } = viewer
  const picturesOf = createAlertPictures(parts, viewer)

  function book(): Alerts {
    if (alerts !== undefined) return alerts
    throw new LintelError('STORE_UNAVAILABLE', 'this is a gateway alone: ask the centre that it reports to')
  }

  /** Alerts about the service itself have no site, and are for those who see everything. */
  const isMine = ({ site }: FindingPlace) =>
    own === undefined || (site !== undefined && seesSite(viewer, site))
  const sitesAmong = (wanted: readonly string[] | undefined) => {
    assertOwn(viewer, wanted)
    const sites = wanted ?? own
    return sites === undefined ? {} : { sites }
  }

  function find(id: string): Alert {
    const found = book().get(id)
    if (isMine(found.place)) return found
    throw new LintelError('ALERT_NOT_FOUND', `there is no alert ${id.slice(0, 64)}`)
  }

  /** Every alert that may concern the range. */
  async function casesOf({ from, to }: Range, sites: ReportQuestion['sites']): Promise<AlertCase[]> {
    const found = new Map<string, AlertCase>()
    const since = { from: Math.max(0, from - lookBackMs) }
    const goingOn: { readonly status: readonly Status[] } = { status: ['open', 'acknowledged'] }
    for (const some of [since, goingOn]) {
      let next: string | undefined
      do {
        const after = next === undefined ? {} : { after: next }
        const page = book().list({ ...some, ...sitesAmong(sites), ...after, to, limit: pageSize })
        for (const alert of page.alerts)
          if (!found.has(alert.id)) found.set(alert.id, { alert, history: book().history(alert.id) })
        if (found.size > maxReported)
          throw new LintelError('API_REQUEST_INVALID', `more than ${maxReported} alerts: ask for a shorter time, or one site`) // biome-ignore format: one thing
        next = page.next
        await setImmediate()
      } while (next !== undefined)
    }
    return [...found.values()]
  }

  /** As long as there are no accounts, any name is accepted. */
  function isSomebody(name: string): boolean {
    const accounts = access.accounts.list()
    return accounts.length === 0 || accounts.some(account => account.enabled && account.name === name)
  }

  function devicesOf({ place, source }: Alert): DeviceId[] {
    const one = place.device ?? source?.device
    if (one !== undefined) return [one]
    if (place.point === undefined) return []
    const there = registry.list().filter(
      ({ site, building, point }) => site === place.site && building === place.building && point === place.point,
    ) // biome-ignore format: a condition
    return there.map(({ device }) => device)
  }

  /** A place given only by its device gets the site where that stands. */
  function placeOf({ ...place }: FindingPlace): FindingPlace {
    const site = place.site ?? (place.device === undefined ? undefined : registry.get(place.device)?.site)
    return site === undefined ? place : { site, ...place }
  }

  const isShown = ({ place }: Snooze) => {
    const { site, device } = placeOf(place)
    return site === undefined ? device === undefined || own === undefined : seesSite(viewer, site)
  }

  return {
    async listAlerts({ sites, ...query }) {
      const { alerts, next } = book().list({ ...query, ...sitesAmong(sites) })
      return { alerts: alerts.map(viewAlert), ...(next === undefined ? {} : { next }) }
    },
    async showAlert(id) {
      const alert = find(id)
      const history = book().history(alert.id)
      const told = history.map(change => viewChange(change, alert))
      return { ...viewAlert(alert), history: told, devices: devicesOf(alert), pictures: picturesOf(alert, history) } // biome-ignore format: one thing
    },
    async actOnAlert(id, act) {
      const before = find(id)
      const answer = viewAlert(await book().act(before.id, act, by, clock()))
      const isTaken =
        act.do === 'acknowledge' && before.status === 'acknowledged' && before.acknowledgedBy !== by
      if (isTaken) return { ...answer, takenBefore: true }
      const isUnknown = act.do === 'assign' && act.to !== null && !isSomebody(act.to)
      return isUnknown ? { ...answer, assigneeUnknown: true } : answer
    },
    async alertReport({ sites, to = clock(), from = to - shiftMs }) {
      if (!(to > from)) throw new LintelError('API_REQUEST_INVALID', 'a report ends behind its beginning')
      if (to - from > longestReportMs)
        throw new LintelError('API_REQUEST_INVALID', 'a report is of 366 days at most')
      return reportOn(await casesOf({ from, to }, sites), { from, to })
    },
    listSnoozes: async () => book().snoozes().filter(isShown),
    async addSnooze({ place: asked, from, ...wanted }) {
      const now = clock()
      const place = placeOf(asked)
      assertPlace(place)
      if (wanted.rule !== undefined && !ruleNames.includes(wanted.rule))
        throw new LintelError('SNOOZE_INVALID', `there is no rule ${wanted.rule}`)
      if (!isMine(place)) throw new LintelError('SNOOZE_INVALID', 'it must name one of your sites')
      return book().snooze({ ...wanted, place, from: from ?? now }, by, now)
    },
    async removeSnooze(id) {
      const found = book()
        .snoozes()
        .find(snooze => snooze.id === id && isShown(snooze))
      if (found === undefined)
        throw new LintelError('SNOOZE_NOT_FOUND', `there is no snooze ${id.slice(0, 64)}, or it is over`)
      if (!isMine(placeOf(found.place)))
        throw new LintelError('API_FORBIDDEN', 'it is of other sites, too: an admin can end it')
      await book().unsnooze(found.id, by, clock())
    },
  }
}

/** Throws API_FORBIDDEN, as flow and exports do: an empty answer would suggest that all is well there. */
export function assertOwn(viewer: Viewer, wanted: readonly string[] | undefined): void {
  const foreign = wanted?.find(site => !seesSite(viewer, site))
  if (foreign !== undefined)
    throw new LintelError('API_FORBIDDEN', `${foreign.slice(0, 64)} is not one of your sites`)
}

/** A misspelt name would make more quiet than intended. */
function assertPlace({ site, building, point, device: _, ...others }: FindingPlace): void {
  const [stranger] = Object.keys(others)
  if (stranger !== undefined)
    throw new LintelError('SNOOZE_INVALID', `a place has no ${stranger.slice(0, 64)}`)
  if ((point !== undefined && building === undefined) || (building !== undefined && site === undefined))
    throw new LintelError('SNOOZE_INVALID', 'a building is of a site, and a point of a building: say it')
}
