import type { Alert } from '../book/alert.ts'
import { adviceOf, happened } from '../rules/explain.ts'
import type { Message, Told } from './channel.ts'
import { endOf, linkTo } from './says.ts'

export interface Origin {
  /** Address at which people reach the service. */
  readonly publicUrl?: string
}

const moment = (at: number) => new Date(at).toISOString()

/**
 * CloudEvents 1.0, JSON. The event's id comes from the alert and the number of the change, so it is the same in every
 * message that carries it.
 */
function cloudEventOf(told: Told, { publicUrl }: Origin) {
  const { change, alert } = told
  const { number, what, at, by, assignee, outcome, note, ending } = change
  const link = linkTo(publicUrl, alert.id)
  return {
    specversion: '1.0',
    id: `${alert.id}.${number}`,
    source: publicUrl ?? 'lintel',
    type: `lintel.alert.${what}`,
    subject: alert.id,
    time: moment(at),
    datacontenttype: 'application/json',
    data: {
      change: { number, by, assignee, outcome, note, ending },
      alert: shown(alert),
      says: { zh: happened(alert, 'zh'), en: happened(alert, 'en') },
      advice: { zh: adviceOf(alert.rule, 'zh'), en: adviceOf(alert.rule, 'en') },
      ...(what === 'cleared' ? { ended: { zh: endOf(told, 'zh'), en: endOf(told, 'en') } } : {}),
      link,
    },
  }
}

function shown(alert: Alert) {
  const { id, rule, severity, place, zone, status, active, times, assignee, outcome } = alert
  const moments = {
    occurredAt: moment(alert.occurredAt),
    receivedAt: moment(alert.receivedAt),
    raisedAt: moment(alert.raisedAt),
    lastRaisedAt: moment(alert.lastRaisedAt),
    clearedAt: alert.clearedAt && moment(alert.clearedAt),
    acknowledgedAt: alert.acknowledgedAt && moment(alert.acknowledgedAt),
    resolvedAt: alert.resolvedAt && moment(alert.resolvedAt),
  }
  return { id, rule, severity, place, zone, status, active, times, ...moments, assignee, outcome }
}

/** One alert makes one event, several make a batch. A test is an event of its own type. */
export function bodyOf(message: Message, origin: Origin): { readonly type: string; readonly text: string } {
  const { told, isTest, key, at } = message
  if (isTest) {
    const test = {
      specversion: '1.0',
      id: key,
      source: origin.publicUrl ?? 'lintel',
      type: 'lintel.test',
      time: moment(at),
    }
    return { type: 'application/cloudevents+json', text: JSON.stringify(test) }
  }
  const events = told.map(one => cloudEventOf(one, origin))
  return events.length === 1
    ? { type: 'application/cloudevents+json', text: JSON.stringify(events[0]) }
    : { type: 'application/cloudevents-batch+json', text: JSON.stringify(events) }
}
