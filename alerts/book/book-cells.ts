import { setImmediate } from 'node:timers/promises'
import { LintelError } from '../../core/errors.ts'
import { type Countable, createFold } from '../../ingest/store/fold-cells.ts'
import type { Alert } from './alert.ts'
import type { AlertCells, AlertDimension } from './alert-cells.ts'
import type { Alerts } from './alerts.ts'

const pageAlerts = 200
const mostAlerts = 200_000

/** Reads alerts page by page, 2 ms each, and lets other work run between pages. */
export function createAlertCells({ list }: Pick<Alerts, 'list'>, most = mostAlerts): AlertCells {
  return {
    async cells(query) {
      const from = query.segments[0]?.from
      const to = query.segments.at(-1)?.to
      if (from === undefined || to === undefined) return []
      const fold = createFold(query)
      let seen = 0
      let next: string | undefined
      do {
        const page = list({ from, to, limit: pageAlerts, ...(next === undefined ? {} : { after: next }) })
        seen += page.alerts.length
        if (seen > most)
          throw new LintelError(
            'FLOW_QUERY_TOO_WIDE',
            `there are more than ${most} alerts: ask for less time`,
          )
        for (const alert of page.alerts) fold.add(countable(alert))
        next = page.next
        await setImmediate()
      } while (next !== undefined)
      return fold.cells()
    },
  }
}

function countable({ raisedAt, place, rule, severity, outcome }: Alert): Countable<AlertDimension> {
  const words = { ...place, rule, severity, outcome }
  return { at: raisedAt, worth: 1, wordOf: dimension => words[dimension] ?? '' }
}
