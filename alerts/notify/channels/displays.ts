import { type Clock, minuteMs } from '../../../core/clock.ts'
import type { Alert } from '../../book/alert.ts'
import type { AlertQuery, Alerts } from '../../book/alerts.ts'
import type { Channel } from '../channel.ts'
import { linkTo, says } from '../says.ts'
import { utf8Bytes } from '../text.ts'
import { concerns, type Wants } from '../wants.ts'

export interface DisplaysOptions {
  readonly alerts: Pick<Alerts, 'list' | 'lastChange'>
  readonly wants: Wants
  /** Resolves once the broker has the payload; the broker retains the latest one per site. */
  readonly publish: (site: string, payload: string) => Promise<void>
  readonly publicUrl?: string
  readonly clock: Clock
}

/** Most alerts named in a payload; the others are only counted. */
const named = 50
const maxPayloadBytes = 60_000
const pageSize = 200
/** Most pages of 200 alerts read for one state; beyond that, `more` is a lower bound. */
const maxPages = 20
const everyMs = minuteMs

/**
 * Screens of stations. Each site's topic holds what is open there now, so a screen that connects late has everything. A
 * change publishes the site's state again, and so does a timer every minute, because a restarted broker has forgotten
 * it.
 */
export function createDisplays(options: DisplaysOptions): Channel {
  const { publish, alerts, wants } = options
  /** Once a site has been published, it is repeated: to a screen, silence would mean that nobody is watching. */
  const known = new Set<string>(wants.sites)
  let timer: NodeJS.Timeout | undefined

  async function tell(sites: Iterable<string>): Promise<void> {
    for (const site of sites) {
      await publish(site, stateOf(site, options))
      known.add(site)
    }
  }

  async function repeat(): Promise<void> {
    // An unreachable gateway needs no report here: changes wait in the queue and are retried.
    await tell([...known]).catch(() => {})
  }

  return {
    kind: 'mqtt',
    async send({ told, isTest }) {
      const sites = told.map(({ alert }) => alert.place.site).filter(site => site !== undefined)
      await tell(isTest ? [...known] : new Set(sites))
      return { delivered: true }
    },
    start() {
      for (const alert of pages(alerts, {}).filter(alert => concerns(wants, alert))) {
        if (alert.place.site !== undefined) known.add(alert.place.site)
      }
      void repeat()
      timer = setInterval(() => void repeat(), everyMs)
    },
    async stop() {
      clearInterval(timer)
    },
  }
}

/** The payload for a screen of a site: CloudEvents 1.0, at most 60 kB. */
export function stateOf(site: string, { alerts, wants, publicUrl, clock }: DisplaysOptions): string {
  const open = openOnes(alerts, wants, site)
  const now = clock()
  const payloadWith = (count: number) =>
    JSON.stringify({
      specversion: '1.0',
      id: `${site}.${alerts.lastChange()}`,
      source: publicUrl ?? 'lintel',
      type: 'lintel.alerts.open',
      subject: site,
      time: new Date(now).toISOString(),
      datacontenttype: 'application/json',
      data: {
        site,
        open: open.slice(0, count).map(alert => shown(alert, publicUrl)),
        more: open.length - count,
      },
    })
  let count = Math.min(named, open.length)
  while (count > 0 && utf8Bytes(payloadWith(count)) > maxPayloadBytes) count--
  return payloadWith(count)
}

/** A screen hangs in public, so it names no staff: it only shows that somebody has taken the alert. */
function shown(alert: Alert, publicUrl: string | undefined) {
  const { id, rule, severity, status, place, times } = alert
  const told = {
    change: { number: alert.change, alert: id, what: 'raised', at: alert.raisedAt },
    alert,
  } as const
  return {
    id,
    rule,
    severity,
    status,
    building: place.building,
    point: place.point,
    device: place.device,
    occurredAt: new Date(alert.occurredAt).toISOString(),
    raisedAt: new Date(alert.raisedAt).toISOString(),
    times,
    says: { zh: says(told, 'zh'), en: says(told, 'en') },
    link: linkTo(publicUrl, id),
  }
}

/** Newest first, without quiet alerts. */
function openOnes(alerts: DisplaysOptions['alerts'], wants: Wants, site: string | undefined): Alert[] {
  const of = site === undefined ? {} : { sites: [site] }
  const open = pages(alerts, { status: ['open', 'acknowledged'], ...of })
  return open.filter(alert => isToTell(alert) && concerns(wants, alert))
}

function pages(alerts: DisplaysOptions['alerts'], query: Omit<AlertQuery, 'limit'>): Alert[] {
  const found: Alert[] = []
  let after: string | undefined
  for (let page = 0; page < maxPages; page++) {
    const { alerts: some, next } = alerts.list({
      ...query,
      limit: pageSize,
      ...(after === undefined ? {} : { after }),
    })
    found.push(...some)
    after = next
    if (next === undefined) break
  }
  return found
}

const isToTell = ({ quietUntil, maintenance }: Alert) => quietUntil === undefined && maintenance !== true
