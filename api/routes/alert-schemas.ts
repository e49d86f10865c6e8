import Type from 'typebox'
import { standings } from '../../alerts/book/report.ts'
import { severities } from '../../alerts/rules/rule.ts'
import { AlertSchema, Moment, PlaceSchema, Text } from './schemas.ts'

export const AlertPictureSchema = Type.Object({
  device: Type.String(),
  event: Type.String({ description: 'With the device: where /api/v1/snapshots has it.' }),
  at: Moment,
  held: Type.Boolean({ description: 'Kept beyond its time.' }),
})
export const ActedSchema = Type.Object({
  ...AlertSchema.properties,
  assigneeUnknown: Type.Optional(
    Type.Literal(true, { description: 'Nobody has an account of that name; it is taken all the same.' }),
  ),
  takenBefore: Type.Optional(
    Type.Literal(true, {
      description: 'Somebody else had acknowledged it before, and has it still; a note is kept as a comment.',
    }),
  ),
})

const Count = Type.Integer({ minimum: 0 })
const counts = (names: readonly string[]) => Object.fromEntries(names.map(name => [name, Count]))
const SpreadSchema = Type.Object({
  count: Count,
  medianMs: Type.Optional(Count),
  p90Ms: Type.Optional(Count),
})
const row = {
  id: Type.String(),
  rule: Type.String(),
  severity: Type.Enum([...severities]),
  place: PlaceSchema,
  zone: Type.String(),
  raisedAt: Moment,
  times: Count,
  says: Text('What happened.'),
}
export const ReportSchema = Type.Object({
  from: Moment,
  to: Moment,
  raised: Type.Integer({ description: 'Alerts that began in it, or began again.' }),
  times: Type.Integer({ description: 'How often they did.' }),
  bySeverity: Type.Object(counts(severities)),
  byStanding: Type.Object(counts(standings), {
    description: 'What became of those that were closed in it; open are those that go on at its end.',
  }),
  byRule: Type.Array(Type.Object({ rule: Type.String(), raised: Count, times: Count, ...counts(standings) })),
  toAcknowledge: SpreadSchema,
  toResolve: SpreadSchema,
  judged: Type.Array(
    Type.Object({
      rule: Type.String(),
      place: PlaceSchema,
      judged: Count,
      falseAlarms: Count,
      isMostlyFalse: Type.Boolean({
        description: 'More often false than not: its parameters there want looking at.',
      }),
    }),
    { description: 'By rule and place: resolved as real or false alarm.' },
  ),
  escalated: Count,
  undelivered: Type.Record(Type.String(), Count, { description: 'By channel.' }),
  open: Type.Array(
    Type.Object({
      ...row,
      acknowledgedBy: Type.Optional(Type.String()),
      assignee: Type.Optional(Type.String()),
    }),
  ),
  ended: Type.Array(Type.Object({ ...row, standing: Type.Enum(standings.filter(name => name !== 'open')) }), {
    description: 'Those that were closed in it, the latest first.',
  }),
})
