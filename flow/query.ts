import { LintelError } from '../core/errors.ts'
import type { Store } from '../ingest/store/store.ts'
import { assembleAnswer, type FlowAnswer } from './answer.ts'
import { earlierRange } from './calendar.ts'
import { sourceOf } from './cell-source.ts'
import { countExactly } from './count.ts'
import { isStored } from './measures.ts'
import { notesOf } from './notes.ts'
import { type Asked, checkQuestion, type ZonedQuestion } from './question.ts'
import type { FlowScope } from './scope.ts'
import { countTold } from './small/count-told.ts'
import { checkSmallQuestion, settledUntil } from './small/small-question.ts'
import { formatLocal, startOfDayIn } from './zone.ts'

/**
 * Answers a query, as far as the user may know the answer. Throws FLOW_QUERY_INVALID, naming the wrong part,
 * FLOW_QUERY_TOO_WIDE, API_FORBIDDEN for another site or for alerts, or what the store throws.
 */
export async function answerFlow(
  question: ZonedQuestion,
  store: Store,
  scope: FlowScope = {},
): Promise<FlowAnswer> {
  const { smallNumbers, alerts, ...plain } = scope
  const checked = withWholeDays(withinSites(checkQuestion(question), plain.sites), plain.now)
  const { measure } = checked
  const source = sourceOf(measure, store, alerts)
  const small = isStored(measure) ? smallNumbers : undefined
  const asked = small === undefined ? checked : checkSmallQuestion(checked, small)
  const { zone, from, to, compare } = asked
  const count = (range: { from: number; to: number }) => {
    const part = { ...asked, ...range }
    if (small === undefined || !isStored(measure)) return countExactly(part, source)
    return countTold({ ...part, measure }, store, small)
  }
  const earlier = compare && from < to ? earlierRange(zone, from, to, compare) : undefined
  const [now, before] = await Promise.all([count({ from, to }), earlier && count(earlier)])
  const notes = notesOf(asked, earlier, small === undefined ? plain : scope)
  const answer = { ...(await assembleAnswer(asked, now, before)), ...(notes.length === 0 ? {} : { notes }) }
  if (small === undefined) return answer
  const until = formatLocal(zone, settledUntil(zone, small.now))
  return { ...answer, suppression: { minCount: small.k, until } }
}

/** A mean per day uses only days that are over. */
function withWholeDays(asked: Asked, now = Number.POSITIVE_INFINITY): Asked {
  if (!asked.mean || asked.to <= now) return asked
  return { ...asked, to: Math.max(asked.from, startOfDayIn(asked.zone)(now)) }
}

function withinSites(asked: Asked, sites: readonly string[] | undefined): Asked {
  if (sites === undefined) return asked
  const foreign = asked.filter.site?.find(site => !sites.includes(site))
  if (foreign !== undefined)
    throw new LintelError('API_FORBIDDEN', `${foreign.slice(0, 64)} is not one of your sites`)
  return { ...asked, filter: { ...asked.filter, site: asked.filter.site ?? sites } }
}
