import { Readable } from 'node:stream'
import Type, { type Static } from 'typebox'
import { tableOfFlow } from '../../flow/export/export-flow.ts'
import { jsonOf } from '../../flow/export/flow-json.ts'
import { exportFormatNames, exportFormats } from '../../flow/export/formats.ts'
import { noteNames } from '../../flow/notes.ts'
import { type Api, answers } from '../guard.ts'
import type { OperationsFor } from '../operations/operations.ts'
import { seesSmallNumbers } from '../roles.ts'
import type { Turns } from '../turns.ts'
import { Bom } from './export-routes.ts'
import { FlowSearch, toQuestion } from './flow-search.ts'

/** A number or null; a union would be slow to write a million times. */
const told = (description: string) => Type.Unsafe<number | null>({ type: ['number', 'null'], description })
const Hidden = Type.Optional(
  Type.Integer({ minimum: 1, description: 'Parts that are left out as too small: the number is a lower bound.' }),
) // biome-ignore format: one line
const Time = Type.String({ description: "RFC 3339 with the zone's offset.", examples: ['2026-11-21T08:00:00+08:00'] }) // biome-ignore format: one line
const Words = Type.Array(Type.String())

export const FlowRowSchema = Type.Object({
  start: Time,
  values: Words,
  count: told('Null where nothing of it may be told.'),
  hidden: Hidden,
  before: Type.Optional(told('Of the step at the same time of the clock in what it is compared with.')),
  beforeHidden: Hidden,
  share: Type.Optional(told('Of all groups in the step, 0 to 1.')),
  mean: Type.Optional(told('A day, in the mean of its days.')),
})

export const FlowAnswerSchema = Type.Object({
  measure: Type.String(),
  unit: Type.Enum(['count', 's']),
  from: Time,
  to: Time,
  every: Type.String(),
  zone: Type.String(),
  by: Words,
  where: Type.Optional(Type.Record(Type.String(), Words)),
  rows: Type.Array(FlowRowSchema),
  total: told('Of all groups, also of those that top leaves out.'),
  hidden: Hidden,
  before: Type.Optional(Type.Object({ from: Time, to: Time, total: told('As total.'), hidden: Hidden })),
  others: Type.Optional(
    Type.Object({ groups: Type.Integer(), count: told('As total.'), hidden: Hidden }, { description: 'What top leaves out.' }),
  ),
  suppression: Type.Optional(
    Type.Object({ minCount: Type.Integer(), until: Time }, { description: 'Numbers below minCount, and such as would tell one, are hidden.' }),
  ),
  notes: Type.Optional(
    Type.Array(Type.Object({ note: Type.Enum([...noteNames]), text: Type.String(), dimension: Type.Optional(Type.String()), values: Words }), { description: 'What the numbers do not say: a filter names a place that there is not; buildings are without the doors of single households; days are held against other weekdays; a step that is not over is held against a whole one.' }),
  ),
}) // biome-ignore format: a table

const FlowFile = Type.Object(
  {
    ...FlowSearch.properties,
    format: Type.Enum(['json', ...exportFormatNames], { default: 'json' }),
    bom: Bom,
    file: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9-]{1,16}$',
        description: 'Format of the file that who asks makes of it: it is on record as one.',
      }),
    ),
  },
  { additionalProperties: Type.String() },
)

/** Flow queries: how many, where and when. */
export function addFlowRoutes(app: Api, operations: OperationsFor, turns: Turns): void {
  app.get(
    '/api/v1/flow',
    {
      config: {
        needs: 'flow.read',
        summary: 'How many, where and when.',
        produces: ['application/json', ...exportFormatNames.map(format => exportFormats[format].mediaType)],
        errors: ['FLOW_QUERY_INVALID', 'FLOW_QUERY_TOO_WIDE', 'STORE_UNAVAILABLE', 'API_BUSY'],
      },
      schema: { querystring: FlowFile, response: answers(FlowAnswerSchema) },
    },
    async ({ query, viewer }, reply) => {
      const {
        format,
        bom,
        file = format === 'json' ? undefined : format,
        ...search
      } = query as Static<typeof FlowFile>
      const question = toQuestion(search as Static<typeof FlowSearch>)
      // Keeps its turn until its last byte is taken, because its rows stay in memory until then.
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort(new Error('nobody listens any more')))
      const over = await turns.take(`${viewer.as} ${viewer.name}`, gone.signal, seesSmallNumbers(viewer.role))
      if (reply.raw.destroyed) over()
      else reply.raw.once('close', over)
      const answer = await (file === undefined
        ? operations(viewer).flow(question)
        : operations(viewer).flow(question, file))
      if (format !== 'json') {
        const { mediaType, suffix, encode } = exportFormats[format]
        reply.header('content-disposition', `attachment; filename="${answer.measure}.${suffix}"`)
        return reply
          .type(mediaType)
          .send(Readable.from(encode(tableOfFlow(answer), { bom: bom === '1' }), { objectMode: false }))
      }
      return reply
        .type('application/json; charset=utf-8')
        .send(Readable.from(jsonOf(answer), { objectMode: false }))
    },
  )
}
