import Type, { type Static, type TObject, type TSchema } from 'typebox'
import { eventIdPattern, objectKinds } from '../../core/words.ts'

/**
 * The kinds of record, and the members of each: the one source for types, validation, the journal's encoding, the store's
 * columns and the AsyncAPI document.
 *
 * No member can describe a person: members are small enumerations, flags, measurements and a version. A member that is
 * not listed here is never stored. Enumerations and members are append-only: their positions are their codes in the
 * journal and in the store (a test pins them).
 */
const oneOf = <T extends string>(description: string, ...values: T[]) =>
  Type.Enum<T[]>(values, { description })
const number = (description: string, minimum: number, maximum: number) =>
  Type.Number({ description, minimum, maximum })
const integer = (description: string, minimum: number, maximum: number) =>
  Type.Integer({ description, minimum, maximum })

const firmware = Type.String({ pattern: '^[A-Za-z0-9._+-]{1,64}$', description: 'Firmware version.' })
const direction = oneOf('Into or out of the building or site.', 'in', 'out')
/** Whole numbers up to it have at most ten digits. */
export const maxUint32 = 4_294_967_295
const maxUint16 = 65_535
/** 16 TiB, which has 14 digits: a number of fifteen may be a person's. */
const maxBytes = 2 ** 44
/** The longest text of a time. */
export const maxTimeLength = 40

/** The outcomes of a snapshot. Each snapshot gets exactly one sighting, so that none disappears without a record. */
export const sightingOutcomes = ['seen', 'unreadable', 'thinned', 'missing', 'parked'] as const
export const maxBoxes = 64

const count = (what: string) => Type.Optional(integer(`How many: ${what}.`, 0, maxUint16))
const flag = (description: string) => Type.Optional(Type.Boolean({ description }))
const pixels = (description: string) => integer(description, 0, maxUint16)

export const deniedReasons = [
  'expired', 'unknown-credential', 'not-allowed', 'outside-hours', 'blocked', 'anti-passback', 'no-answer', 'other',
] as const // biome-ignore format: a list of words

export const dataSchemas = {
  passage: Type.Object({
    direction,
    result: oneOf('Whether the door let them pass.', 'granted', 'denied'),
    method: oneOf(
      'How access was asked for.',
      'card',
      'face',
      'code',
      'qr',
      'phone',
      'remote',
      'button',
      'other',
    ),
    holder: Type.Optional(
      oneOf('The kind of credential, never whose.', 'resident', 'visitor', 'staff', 'delivery', 'unknown'),
    ),
    reason: Type.Optional(oneOf('Why it was denied.', ...deniedReasons)),
  }),
  door: Type.Object({
    state: oneOf('What the door did.', 'open', 'closed', 'forced', 'held'),
    openMs: Type.Optional(integer('How long it was or has been open.', 0, maxUint32)),
  }),
  vehicle: Type.Object({
    class: oneOf('Class of the vehicle.', 'car', 'bus', 'truck', 'motorcycle', 'bicycle', 'other'),
    direction,
    lane: Type.Optional(integer('Number of the lane.', 0, 63)),
    speedKmh: Type.Optional(number('Speed.', 0, 400)),
  }),
  tamper: Type.Object({
    part: oneOf('What is tampered with.', 'case', 'camera', 'reader', 'lock'),
    active: Type.Boolean({ description: 'true when it begins, false when it ends.' }),
  }),
  health: Type.Object({
    uptimeS: integer('Seconds since the device started.', 0, maxUint32),
    firmware: Type.Optional(firmware),
    rssiDbm: Type.Optional(number('Signal strength.', -200, 50)),
    temperatureC: Type.Optional(number('Temperature inside the case.', -100, 200)),
    queued: Type.Optional(integer('Events waiting on the device.', 0, maxUint32)),
    freeBytes: Type.Optional(integer('Free storage on the device; kept to six digits.', 0, maxBytes)),
  }),
  status: Type.Object({
    state: oneOf('Whether the device is connected; the will says offline.', 'online', 'offline'),
    firmware: Type.Optional(firmware),
  }),
  snapshot: Type.Object({
    bytes: integer('Size of the JPEG.', 1, maxUint32),
    redacted: flag('It came from a gateway, which has covered faces and plates.'),
  }),
  sighting: Type.Object({
    outcome: oneOf('Whether it was looked at, and if not, why.', ...sightingOutcomes),
    reason: Type.Optional(
      Type.String({
        pattern: '^[A-Z_]{1,40}$',
        description: 'Code of docs/errors.md: why it was not, or that its camera seems to be mounted turned.',
      }),
    ),
    model: Type.Optional(
      Type.String({ pattern: '^[a-z0-9][a-z0-9.-]{0,63}$', description: 'The model that looked.' }),
    ),
    person: count('people'),
    bicycle: count('bicycles'),
    motorcycle: count('motorcycles; a hint, not a fact'),
    car: count('cars'),
    bus: count('buses'),
    truck: count('trucks'),
    dog: count('dogs'),
    suitcase: count('suitcases; a hint, not a fact'),
    dark: flag('Too dark to see anything.'),
    bright: flag('Blinded by light.'),
    blurred: flag('Out of focus, or smeared.'),
    covered: flag('Something lies before the lens.'),
    frozen: flag('The same scene as at other events before.'),
    width: Type.Optional(pixels('Of the upright picture, in pixels.')),
    height: Type.Optional(pixels('Of the upright picture, in pixels.')),
    boxes: Type.Optional(
      Type.Array(
        Type.Object({
          kind: oneOf('What it is.', ...objectKinds),
          score: number('How sure the model is, in hundredths.', 0, 1),
          left: pixels('In pixels of the upright picture.'),
          top: pixels('As left.'),
          right: pixels('As left.'),
          bottom: pixels('As left.'),
        }),
        { maxItems: maxBoxes, description: 'Where the counted things are, surest first.' },
      ),
    ),
    waitedMs: Type.Optional(number('From its receipt until it was looked at.', 0, maxUint32)),
    decodeMs: Type.Optional(number('To decode it.', 0, maxUint32)),
    inferenceMs: Type.Optional(number('To run the model.', 0, maxUint32)),
  }),
} as const satisfies Record<string, TObject>

export type Kind = keyof typeof dataSchemas
export type DataOf<K extends Kind> = Static<(typeof dataSchemas)[K]>

/** Kinds that a device sends as events; a status and a snapshot have topics of their own. */
export const eventTypes = ['passage', 'door', 'vehicle', 'tamper', 'health'] as const satisfies Kind[]
export type EventType = (typeof eventTypes)[number]

/** Kinds that a device reports and the ledger counts as received; snapshots are counted separately. */
export const reportedKinds = [...eventTypes, 'status'] as const satisfies Kind[]

/** Kinds that become rows of the store. */
export const storedKinds = [...reportedKinds, 'sighting'] as const satisfies Kind[]
export type StoredKind = (typeof storedKinds)[number]

/**
 * Positions are codes in the journal: append only, and increment `journalFormat`, so that an older version reports that
 * it cannot read it.
 */
export const kindCodes = [...reportedKinds, 'snapshot', 'sighting'] as const satisfies Kind[]

export const EventIdSchema = Type.String({
  pattern: eventIdPattern,
  description:
    'Unique per device for ever: a counter with a boot id, or a UUID. Never made from anything about a person.',
})

/** One event as a device publishes it: CloudEvents 1.0 in JSON, with four required members. */
export const eventSchema = <K extends EventType>(type: K) =>
  Type.Object({
    id: EventIdSchema,
    type: Type.Literal(type),
    time: Type.String({ maxLength: maxTimeLength, description: 'RFC 3339, with an offset or Z.' }),
    data: dataSchemas[type],
  })

export type DeviceEvent = {
  [K in EventType]: { id: string; type: K; time: string; data: DataOf<K> }
}[EventType]

export type Field =
  | { name: string; optional: boolean; type: 'enum'; values: readonly string[] }
  | { name: string; optional: boolean; type: 'boolean' | 'integer' | 'number' | 'string' | 'boxes' }

/** A field that can be a column of a time series; a list of boxes cannot. */
export type ColumnField =
  | Extract<Field, { type: 'enum' }>
  | { name: string; optional: boolean; type: 'boolean' | 'integer' | 'number' | 'string' }

export type SightedBox = NonNullable<DataOf<'sighting'>['boxes']>[number]

/** The members of a kind, in the order of their definition. */
export function fieldsOf(kind: Kind): readonly Field[] {
  const schema: TObject = dataSchemas[kind]
  return Object.entries(schema.properties).map(([name, member]) => {
    const optional = !(schema.required ?? []).includes(name)
    const { enum: values, type } = member as TSchema & { enum?: string[]; type?: string }
    if (values !== undefined) return { name, optional, type: 'enum', values }
    if (type === 'array') return { name, optional, type: 'boxes' }
    return { name, optional, type: type as 'boolean' | 'integer' | 'number' | 'string' }
  })
}

export const columnFieldsOf = (kind: Kind): readonly ColumnField[] =>
  fieldsOf(kind).filter((field): field is ColumnField => field.type !== 'boxes')
