import {
  type Arbitrary,
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  double,
  integer,
  oneof,
  property,
  record,
  stringMatching,
} from 'fast-check'
import { describe, expect, test } from 'vitest'
import { objectKinds } from '../../core/words.ts'
import { type Field, fieldsOf, type Kind, kindCodes } from '../../devices/contract/kinds.ts'
import {
  decodeRecord,
  type EventRecord,
  encodeRecord,
  isLate,
  isReported,
  isSighting,
  isSkewed,
  maxRecordBytes,
  placeNumberAt,
} from '../../devices/contract/record.ts'
import { somewhere } from '../support/records.ts'

/** What is on disk must stay readable: these lists grow at their ends, and nowhere else. */
const pinned: Record<Kind, string[]> = {
  passage: [
    'direction in out',
    'result granted denied',
    'method card face code qr phone remote button other',
    'holder? resident visitor staff delivery unknown',
    'reason? expired unknown-credential not-allowed outside-hours blocked anti-passback no-answer other',
  ],
  door: ['state open closed forced held', 'openMs? integer'],
  vehicle: [
    'class car bus truck motorcycle bicycle other',
    'direction in out',
    'lane? integer',
    'speedKmh? number',
  ],
  tamper: ['part case camera reader lock', 'active boolean'],
  health: [
    'uptimeS integer',
    'firmware? string',
    'rssiDbm? number',
    'temperatureC? number',
    'queued? integer',
    'freeBytes? integer',
  ],
  status: ['state online offline', 'firmware? string'],
  snapshot: ['bytes integer', 'redacted? boolean'],
  sighting: [
    'outcome seen unreadable thinned missing parked',
    'reason? string',
    'model? string',
    'person? integer',
    'bicycle? integer',
    'motorcycle? integer',
    'car? integer',
    'bus? integer',
    'truck? integer',
    'dog? integer',
    'suitcase? integer',
    'dark? boolean',
    'bright? boolean',
    'blurred? boolean',
    'covered? boolean',
    'frozen? boolean',
    'width? integer',
    'height? integer',
    'boxes? boxes',
    'waitedMs? number',
    'decodeMs? number',
    'inferenceMs? number',
  ],
}

test('the codes of kinds, members and words are what they were', () => {
  expect(kindCodes).toEqual([
    'passage',
    'door',
    'vehicle',
    'tamper',
    'health',
    'status',
    'snapshot',
    'sighting',
  ])
  for (const kind of kindCodes) {
    const told = fieldsOf(kind).map(field => {
      const values = field.type === 'enum' ? field.values.join(' ') : field.type
      return `${field.name}${field.optional ? '?' : ''} ${values}`
    })
    expect(told).toEqual(pinned[kind])
  }
})

const head = {
  at: 1_795_250_000_123,
  receivedAt: 1_795_250_000_456,
  late: false,
  skewed: false,
  place: somewhere,
}
const headHex = '00' + '00b00fd1d31f7a42' + '008024d1d31f7a42' + '07000000'

const onDisk: { kind: Kind; data: object; hex: string }[] = [
  { kind: 'passage', data: { direction: 'out', result: 'granted', method: 'card' }, hex: '10/0201010000' },
  {
    kind: 'passage',
    data: { direction: 'in', result: 'denied', method: 'other', holder: 'unknown', reason: 'anti-passback' },
    hex: '10/0102080506',
  },
  { kind: 'door', data: { state: 'held', openMs: 30_000 }, hex: '11/0400000000004cdd40' },
  {
    kind: 'vehicle',
    data: { class: 'bicycle', direction: 'in', lane: 3, speedKmh: 41.5 },
    hex: '12/050100000000000008400000000000c04440',
  },
  { kind: 'tamper', data: { part: 'camera', active: true }, hex: '13/0202' },
  { kind: 'tamper', data: { part: 'lock', active: false }, hex: '13/0401' },
  {
    kind: 'health',
    data: {
      uptimeS: 86_400,
      firmware: '1.2.3+a',
      rssiDbm: -61,
      temperatureC: 20.5,
      queued: 0,
      freeBytes: 2 ** 40,
    },
    hex: '14/000000000018f54007312e322e332b610000000000804ec0000000000080344000000000000000000000000000007042',
  },
  { kind: 'status', data: { state: 'offline', firmware: '1.2' }, hex: '15/0203312e32' },
  { kind: 'snapshot', data: { bytes: 104_857 }, hex: '16/000000009099f94000' },
  { kind: 'snapshot', data: { bytes: 104_857, redacted: true }, hex: '16/000000009099f94002' },
  {
    kind: 'sighting',
    data: { outcome: 'unreadable', reason: 'PICTURE_UNREADABLE' },
    hex: `17/0212504943545552455f554e5245414441424c4500${'000000000000f87f'.repeat(8)}${'00'.repeat(5)}${'000000000000f87f'.repeat(2)}00${'000000000000f87f'.repeat(3)}`,
  },
  {
    kind: 'sighting',
    data: {
      outcome: 'seen',
      model: 'm1',
      person: 1,
      dark: false,
      width: 640,
      height: 480,
      boxes: [{ kind: 'truck', score: 0.57, left: 1, top: 2, right: 639, bottom: 480 }],
    },
    hex: `17/0100026d31000000000000f03f${'000000000000f87f'.repeat(7)}010000000000000000000084400000000000007e40010539010002007f02e001${'000000000000f87f'.repeat(3)}`,
  },
]

describe('a record on disk', () => {
  for (const { kind, data, hex } of onDisk) {
    const record = { kind, ...head, data } as EventRecord
    const [code, body] = hex.split('/')
    test(`of kind ${kind} with ${JSON.stringify(data)} is what it always was`, () => {
      const bytes = Buffer.alloc(maxRecordBytes)
      const end = encodeRecord(record, 7, bytes, 0)
      expect(bytes.toString('hex', 0, end)).toBe(code! + headHex + body!)
      const written = Buffer.from(code! + headHex + body!, 'hex')
      expect(decodeRecord(written, 0, written.length, somewhere)).toEqual(record)
    })
  }

  const flags = [
    { hex: '00', late: false, skewed: false },
    { hex: '01', late: true, skewed: false },
    { hex: '02', late: false, skewed: true },
    { hex: '03', late: true, skewed: true },
  ]
  for (const { hex, ...wanted } of flags) {
    test(`with the flags ${hex} is ${JSON.stringify(wanted)}`, () => {
      const bytes = Buffer.from(`13${hex}${headHex.slice(2)}0202`, 'hex')
      expect(decodeRecord(bytes, 0, bytes.length, somewhere)).toMatchObject(wanted)
      expect([isLate(bytes, 0), isSkewed(bytes, 0), isSighting(bytes, 0)]).toEqual([
        wanted.late,
        wanted.skewed,
        false,
      ])
    })
  }

  for (const code of ['18', '1f', '20', '00', 'ff']) {
    test(`with the code ${code} of a later version's kind is refused by that code`, () => {
      const bytes = Buffer.from(`${code}${headHex}0202`, 'hex')
      const said = new RegExp(`no kind of record has the code ${Number.parseInt(code, 16)}`)
      expect(() => decodeRecord(bytes, 0, bytes.length, somewhere)).toThrow(said)
    })
  }

  test('from before its kind had its last members lacks them, whatever lies behind it', () => {
    const bytes = Buffer.from(`14${headHex}000000000018f540${'ff'.repeat(60)}`, 'hex')
    expect(decodeRecord(bytes, 0, 22 + 8, somewhere).data).toEqual({ uptimeS: 86_400 })
  })

  test('that has no byte at all is refused', () => {
    expect(() => decodeRecord(Buffer.alloc(0), 0, 0, somewhere)).toThrow(RangeError)
  })
})

const words: Record<Exclude<Field['type'], 'enum'>, Arbitrary<unknown>> = {
  boolean: boolean(),
  integer: integer({ min: 0, max: 4_294_967_295 }),
  number: double({ noNaN: true, min: -1000, max: 1000 }),
  string: stringMatching(/^[A-Za-z0-9._+-]{1,32}$/),
  boxes: array(
    record({
      kind: constantFrom(...objectKinds),
      score: integer({ min: 0, max: 100 }).map(hundredths => hundredths / 100),
      left: integer({ min: 0, max: 65_535 }),
      top: integer({ min: 0, max: 65_535 }),
      right: integer({ min: 0, max: 65_535 }),
      bottom: integer({ min: 0, max: 65_535 }),
    }),
    { minLength: 1, maxLength: 64 },
  ),
}

const dataOf = (kind: Kind) =>
  record(
    Object.fromEntries(
      fieldsOf(kind).map(field => [
        field.name,
        field.type === 'enum' ? constantFrom(...field.values) : words[field.type],
      ]),
    ),
    {
      requiredKeys: fieldsOf(kind)
        .filter(({ optional }) => !optional)
        .map(({ name }) => name),
    },
  )

const anyRecord = oneof(
  ...kindCodes.map(kind =>
    record({
      kind: constant(kind),
      at: integer({ min: 0, max: 8.64e15 }),
      receivedAt: integer({ min: 0, max: 8.64e15 }),
      late: boolean(),
      skewed: boolean(),
      place: constant(somewhere),
      data: dataOf(kind),
    }),
  ),
) as Arbitrary<EventRecord>

test('any record is read back as it was written, wherever it lies', () => {
  assert(
    property(
      anyRecord,
      integer({ min: 0, max: 0xffff_ffff }),
      integer({ min: 0, max: 100 }),
      (wanted, number, offset) => {
        const bytes = Buffer.alloc(offset + maxRecordBytes, 0xaa)
        const end = encodeRecord(wanted, number, bytes, offset)
        expect(end - offset).toBeLessThanOrEqual(maxRecordBytes)
        expect(bytes.subarray(end).every(byte => byte === 0xaa)).toBe(true)
        const plain = { ...wanted, data: { ...wanted.data } }
        expect(placeNumberAt(bytes, offset)).toBe(number)
        expect(decodeRecord(bytes, offset, end, somewhere)).toEqual(plain)
        expect(isSighting(bytes, offset)).toBe(wanted.kind === 'sighting')
        expect(isReported(bytes, offset)).toBe(wanted.kind !== 'sighting' && wanted.kind !== 'snapshot')
      },
    ),
    { numRuns: 1000 },
  )
})

test('what is not a member of its kind is not written', () => {
  const data = { part: 'case', active: true, name: '张三', plate: '粤B12345' }
  const bytes = Buffer.alloc(maxRecordBytes)
  const end = encodeRecord({ kind: 'tamper', ...head, data } as EventRecord, 7, bytes, 0)
  expect(bytes.toString('hex', 0, end)).toBe(`13${headHex}0102`)
})
