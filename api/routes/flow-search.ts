import Type, { type Static } from 'typebox'
import { comparisons, stepNames } from '../../flow/calendar.ts'
import { countedDimensions, measureNames, slotDimensions } from '../../flow/measures.ts'
import type { FlowQuestion } from '../../flow/question.ts'

/** Parameters of a flow query in a URL that are not filters. */
const parts = {
  measure: Type.String({ default: 'passages', description: measureNames.join(', ') }),
  from: Type.String({ description: 'A date or a time, in the zone unless it has an offset.', examples: ['2026-11-01'] }),
  to: Type.String({ description: 'Not included.', examples: ['2026-12-01'] }),
  every: Type.Optional(
    Type.String({ description: `${stepNames.join(', ')}; 1h, or all where it is asked by hour or weekday.` }),
  ),
  by: Type.String({
    default: '',
    description: 'Dimensions, separated by commas. A building is told with its site, a point with its site and building, a lane with its point; by in the answer has them all.',
  }),
  zone: Type.Optional(
    Type.String({ description: 'IANA time zone; that of the service if left out.', examples: ['Asia/Shanghai'] }),
  ),
  fill: Type.Optional(Type.String({ description: 'none, or zero: a row for each step and group.' })),
  compare: Type.Optional(Type.String({ description: comparisons.join(', ') })),
  top: Type.Optional(Type.Integer({ description: 'Only so many groups, those with the most.' })),
  share: Type.Optional(Type.Boolean({ description: 'With the part that each row is of its step.' })),
  mean: Type.Optional(Type.Boolean({ description: 'With what each row is a day, in the mean of the days that are over.' })),
} // biome-ignore format: a table

const filter = Type.Optional(Type.String({ description: 'Only these, separated by commas.' }))

/** `additionalProperties`, so that a misspelt filter is reported and not ignored. */
export const FlowSearch = Type.Object(
  { ...parts, ...Object.fromEntries([...countedDimensions, ...slotDimensions].map(name => [name, filter])) },
  { additionalProperties: Type.String() },
)

export function toQuestion(search: Static<typeof FlowSearch>): FlowQuestion {
  const { measure, from, to, every, by, zone, fill, compare, top, share, mean, ...where } = search
  return {
    measure, from, to, zone, fill, compare, top, share, mean, every,
    by: by === '' ? [] : by.split(','),
    where: Object.fromEntries(Object.entries(where).map(([name, values]) => [name, String(values).split(',')])),
  } // biome-ignore format: parts
}

export function toSearch({ by, where = {}, ...question }: FlowQuestion): URLSearchParams {
  const search = new URLSearchParams({ by: by.join(',') })
  for (const [name, value] of Object.entries(question))
    if (value !== undefined) search.set(name, String(value))
  for (const [name, values] of Object.entries(where)) search.set(name, values.join(','))
  return search
}
