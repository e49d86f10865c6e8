import Type, { type TSchema } from 'typebox'
import { changeKinds, outcomes, statuses } from '../../alerts/book/alert.ts'
import { severities } from '../../alerts/rules/rule.ts'
import { RegionsSchema } from '../../config/regions.ts'
import { latestMoment } from '../../core/moments.ts'
import { seenPattern } from '../../core/plain-text.ts'
import { turns } from '../../core/turn.ts'
import { deviceIdPattern } from '../../core/words.ts'
import { NewDeviceSchema } from '../../devices/registry/device.ts'
import { tallyFields } from '../../gateway/journal/tally.ts'
import { roles } from '../roles.ts'

/** Schemas of answers. docs/openapi.json contains them, and tests compare real answers with them. */

export const Moment = Type.Integer({ minimum: 0, maximum: latestMoment, description: 'Epoch ms.', examples: [1_763_683_200_000] }) // biome-ignore format: one line
const Count = Type.Integer({ minimum: 0 })
const Id = Type.String({ pattern: deviceIdPattern, description: 'Id of a device.', examples: ['door-12-1'] })
export const RoleSchema = Type.Enum([...roles], { description: 'See docs/operating.md, Who may what.' })
export const Sites = Type.Array(
  Type.String({ minLength: 1, maxLength: 64, pattern: seenPattern, examples: ['nanshe'] }),
  {
    maxItems: 64,
    description: 'All that a duty room sees.',
  },
)

const TallySchema = Type.Object(
  Object.fromEntries(tallyFields.map(field => [field, field === 'lastReceivedAt' ? Moment : Count])),
)

/** Body that enrols a device: without a zone, it gets the service's. */
export const NewDeviceBody = Type.Object(
  { ...NewDeviceSchema.properties, zone: Type.Optional(NewDeviceSchema.properties.zone) },
  { additionalProperties: false },
)

const RefusalSchema = Type.Object({
  at: Moment,
  code: Type.Optional(Type.String()),
  reason: Type.String(),
  device: Type.Optional(Id),
  address: Type.Optional(Type.String()),
  claimed: Type.Optional(
    Type.Boolean({ description: 'Of somebody who called himself so, and did not prove it.' }),
  ),
})

export const DeviceSchema = Type.Object({
  ...NewDeviceSchema.properties,
  enabled: Type.Boolean(),
  enrolledAt: Moment,
  via: Type.Optional(Id),
  connectedAt: Type.Optional(Moment),
  events: TallySchema,
  snapshots: TallySchema,
  turned: Type.Optional(RegionsSchema.properties.turned),
  wantedTurn: Type.Optional(
    Type.Enum([...turns], {
      description:
        'Its camera seems to be mounted turned: at this turn its pictures show clearly more. Told of one device alone.',
    }),
  ),
  lastRefusal: Type.Optional(RefusalSchema),
  lastOwnRefusal: Type.Optional(RefusalSchema),
})

const once = { description: 'Told this once.' }
export const EnrolledSchema = Type.Object({
  outcome: Type.Enum(['enrolled', 'moved', 'unchanged']),
  device: Id,
  token: Type.Optional(Type.String(once)),
})
export const AnnouncedSchema = Type.Object({
  outcome: Type.Enum(['enrolled', 'moved', 'unchanged', 'refused']),
  code: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
})
export const ImportSchema = Type.Object({
  enrolled: Count,
  moved: Count,
  unchanged: Count,
  faults: Type.Array(Type.Object({ row: Count, device: Type.String(), reason: Type.String() })),
  tokens: Type.Array(Type.Object({ device: Id, token: Type.String(once) })),
})
export const TokenSchema = Type.Object({ token: Type.String(once) })
export const RegionsAnswerSchema = Type.Object({ regions: Type.Union([RegionsSchema, Type.Null()]) })

export const PointSchema = Type.Object({
  site: Type.String(),
  building: Type.String(),
  point: Type.String(),
  zone: Type.String({ description: 'IANA time zone.' }),
  kinds: Type.Array(Type.Enum(['terminal', 'checkpoint'])),
  since: Moment,
})

export const SnapshotSchema = Type.Object({
  device: Id,
  event: Type.String(),
  at: Moment,
  site: Type.String(),
  building: Type.String(),
  point: Type.String(),
  urgent: Type.Boolean(),
  position: Count,
  restedAt: Moment,
  bytes: Count,
  hold: Type.Optional(Type.Object({ at: Moment, until: Moment, reason: Type.String() })),
})

const row = {
  received: Count,
  stored: Count,
  duplicate: Count,
  parked: Count,
  refused: Count,
  queued: Count,
  difference: Type.Integer({
    description: 'received less all the others: 0 if nothing was lost or doubled.',
  }),
}
const RowSchema = Type.Object(row)
export const LedgerSchema = Type.Object({
  total: RowSchema,
  devices: Type.Array(Type.Object({ device: Id, ...row })),
  snapshots: RowSchema,
  differing: Type.Array(
    Type.Object({
      first: Count,
      last: Count,
      firstReceivedAt: Type.String({ format: 'date-time' }),
      lastReceivedAt: Type.String({ format: 'date-time' }),
      missing: Type.Integer({ description: 'Rows too few in the store; below 0 where there are too many.' }),
    }),
    {
      description:
        'Runs of positions of the journal whose rows in the store are not those that were received.',
    },
  ),
  balanced: Type.Boolean(),
})

export const ParkedSchema = Type.Object({
  key: Type.Integer({ minimum: 1 }),
  device: Id,
  lane: Type.Enum(['event', 'snapshot']),
  receivedAt: Moment,
  code: Type.String(),
  reason: Type.String(),
  id: Type.Optional(Type.String()),
  bytes: Count,
  payload: Type.Optional(Type.Unknown({ description: 'Its shape, and what cannot be a person’s.' })),
})

export const Name = Type.String({ minLength: 1, maxLength: 64 })
/** A name that people enter: every character must be visible. */
export const NewName = Type.String({ minLength: 1, maxLength: 64, pattern: seenPattern })
export const PlaceSchema = Type.Object(
  {
    site: Type.Optional(Name),
    building: Type.Optional(Name),
    point: Type.Optional(Name),
    device: Type.Optional(Id),
  },
  { description: 'Of the service itself nothing.' },
)
const Outcome = Type.Enum([...outcomes])
const Ending = Type.Enum(['over', 'moved', 'replaced', 'removed', 'disabled'])

const Parts = (description: string) => Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]), { description }) // biome-ignore format: one thing
export const Text = (description: string) => Type.Object({ en: Type.String(), zh: Type.String() }, { description }) // biome-ignore format: one thing
const SourceSchema = Type.Object(
  { device: Id, event: Type.Optional(Type.String()) },
  { description: 'The record that raised it; absent where a deadline did, and without an event where a status did.' },
) // biome-ignore format: one thing

export const AlertSchema = Type.Object({
  id: Type.String({ description: '16 characters.', examples: ['7k3q9m2xw0ta5d8f'] }),
  rule: Type.String({ examples: ['door-forced'] }),
  severity: Type.Enum([...severities]),
  place: PlaceSchema,
  zone: Type.String({ description: 'IANA time zone of the place.' }),
  status: Type.Enum([...statuses]),
  active: Type.Boolean({ description: 'Whether its condition goes on.' }),
  cause: Type.String(),
  parts: Parts('What `says` is made of.'),
  source: Type.Optional(SourceSchema),
  says: Text('What happened, also once it is over.'),
  advice: Text('What to do about it.'),
  ended: Type.Optional(Text('How it ended; absent while it goes on.')),
  occurredAt: Moment,
  receivedAt: Moment,
  raisedAt: Moment,
  times: Type.Integer({ minimum: 1, description: 'How often it was raised.' }),
  lastRaisedAt: Moment,
  clearedAt: Type.Optional(Moment),
  ending: Type.Optional(Ending),
  endingParts: Type.Optional(Parts('What `ended` is made of.')),
  acknowledgedAt: Type.Optional(Moment),
  acknowledgedBy: Type.Optional(Type.String()),
  assignee: Type.Optional(Type.String()),
  resolvedAt: Type.Optional(Moment),
  resolvedBy: Type.Optional(Type.String()),
  outcome: Type.Optional(Outcome),
  note: Type.Optional(Type.String()),
  quietUntil: Type.Optional(Moment),
  maintenance: Type.Optional(Type.Boolean()),
  change: Type.Integer({ minimum: 1, description: 'Number of its latest change.' }),
})
export const ChangeSchema = Type.Object({
  number: Type.Integer({
    minimum: 1,
    description: 'Over all alerts; the id of its event on the live stream.',
  }),
  alert: Type.String(),
  what: Type.Enum([...changeKinds]),
  at: Moment,
  by: Type.Optional(Type.String({ description: 'Absent where the service itself did it.' })),
  cause: Type.Optional(Type.String()),
  source: Type.Optional(SourceSchema),
  parts: Type.Optional(Parts('What `says` is made of.')),
  says: Type.Optional(Text('Of `raised` and `reopened`: what happened then. Of `cleared`: how it ended.')),
  occurredAt: Type.Optional(Moment),
  receivedAt: Type.Optional(Moment),
  ending: Type.Optional(Ending),
  assignee: Type.Optional(Type.String()),
  outcome: Type.Optional(Outcome),
  note: Type.Optional(Type.String()),
  channel: Type.Optional(Type.String()),
})

export const ProblemSchema = Type.Object(
  {
    type: Type.String({ format: 'uri' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'See docs/errors.md.' }),
    detail: Type.String({ description: 'For a person. Do not parse it.' }),
  },
  { description: 'RFC 9457.' },
)

/** By their names in the OpenAPI document. */
export const namedSchemas: Readonly<Record<string, TSchema>> = {
  Device: DeviceSchema,
  NewDevice: NewDeviceBody,
  Tally: TallySchema,
  Regions: RegionsSchema,
  Snapshot: SnapshotSchema,
  LedgerRow: RowSchema,
  Ledger: LedgerSchema,
  Parked: ParkedSchema,
  Point: PointSchema,
  Alert: AlertSchema,
  AlertChange: ChangeSchema,
  Problem: ProblemSchema,
}
