import Type from 'typebox'
import { type Api, answers } from '../guard.ts'
import type { OperationsFor } from '../operations/operations.ts'
import { momentOf } from './alert-routes.ts'
import { Moment, NewName, PlaceSchema } from './schemas.ts'

const Why = Type.Enum(['snooze', 'maintenance'], {
  description: 'maintenance closes by itself what is raised in it, with that outcome.',
})
const Note = Type.String({ minLength: 1, maxLength: 500 })
/** A device alone is enough: its site is looked up. */
const what = {
  rule: Type.Optional(Type.String({ maxLength: 64, description: 'Absent: all.' })),
  place: PlaceSchema,
}
const SnoozeSchema = Type.Object({
  id: Type.String(),
  why: Why,
  ...what,
  from: Moment,
  until: Moment,
  note: Type.Optional(Note),
  by: Type.String(),
  at: Moment,
})
const Time = Type.String({ maxLength: 40, description: 'RFC 3339.' })
const closed = { additionalProperties: false }
const NewPlace = { ...PlaceSchema.properties, site: Type.Optional(NewName), building: Type.Optional(NewName), point: Type.Optional(NewName) } // biome-ignore format: one line
const NewSnoozeBody = Type.Object(
  {
    why: Why,
    ...what,
    // A misspelt member would make more quiet than intended.
    place: Type.Object(NewPlace, { ...closed, description: 'Where; {} for all.' }),
    from: Type.Optional(Time),
    until: Time,
    note: Type.Optional(Note),
  },
  closed,
)

/** Snoozes and maintenance windows. */
export function addSnoozeRoutes(app: Api, operations: OperationsFor): void {
  app.get(
    '/api/v1/snoozes',
    {
      config: {
        needs: 'alerts.read',
        summary: 'What is quiet now, or will be.',
        errors: ['STORE_UNAVAILABLE'],
      },
      schema: { response: answers(Type.Array(SnoozeSchema)) },
    },
    ({ viewer }) => operations(viewer).listSnoozes() as never,
  )
  app.post(
    '/api/v1/snoozes',
    {
      config: {
        needs: 'alerts.act',
        summary: 'Tells nobody of what is raised by a rule, at a place, until a time.',
        errors: ['SNOOZE_INVALID', 'STORE_UNAVAILABLE'],
      },
      schema: { body: NewSnoozeBody, response: answers(SnoozeSchema, 201) },
    },
    async ({ viewer, body }, reply) => {
      const { why, rule, place, from, until, note } = body
      const said = { ...(rule === undefined ? {} : { rule }), ...(note === undefined ? {} : { note }) }
      const snooze = {
        why,
        place,
        ...said,
        ...momentOf('from', from),
        until: momentOf('until', until).until!,
      }
      return reply.status(201).send((await operations(viewer).addSnooze(snooze as never)) as never)
    },
  )
  app.delete(
    '/api/v1/snoozes/:id',
    {
      config: {
        needs: 'alerts.act',
        summary: 'Ends it: what goes on under it is told.',
        errors: ['SNOOZE_NOT_FOUND', 'STORE_UNAVAILABLE'],
      },
      schema: {
        params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }),
        response: answers(Type.Null(), 204),
      },
    },
    async ({ viewer, params }, reply) => {
      await operations(viewer).removeSnooze(params.id)
      return reply.status(204).send()
    },
  )
}
