import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createAdmit } from '../../gateway/admit/admit.ts'
import { type Command, Feedback } from '../../gateway/admit/feedback.ts'
import type { WaitingRoom } from '../../gateway/admit/waiting-room.ts'
import { createMemoryJournal } from '../../gateway/journal/memory-journal.ts'
import { event, passageData } from '../support/messages.ts'
import { someMoment, somewhere } from '../support/records.ts'

/** Admission with a journal and a device behind it: everything that could keep or repeat something. */
function admission() {
  const clock = () => someMoment
  const journal = createMemoryJournal(clock)
  const commands: Command[] = []
  const admit = createAdmit({
    maxSnapshotBytes: 1024 * 1024,
    journal,
    waitingRoom: {} as WaitingRoom,
    clock,
    runId: 'run',
  })
  const sender = {
    device: 'd1',
    place: somewhere,
    feedback: new Feedback(command => commands.push(command), clock),
  }
  return {
    journal,
    commands,
    send: (payload: string) => admit.events(sender, Buffer.from(payload)),
    status: (payload: string) => admit.status(sender, Buffer.from(payload)),
    everything: () => JSON.stringify([journal.read(0, 1e6).entries, journal.parked(1e6), commands]),
    tally: () => journal.audit(0).tallies.get('d1')!.event,
  }
}

const marker = 'Zhang13800138000'
const sample = (change: object, data: object = {}) =>
  JSON.stringify(
    event('a', { time: new Date(someMoment).toISOString(), data: { ...passageData, ...data }, ...change }),
  )

describe('a member that speaks of a person', () => {
  const spellings = [
    'name', 'NAME', 'userName', 'user_name', 'user-name', 'user.name', 'user name', 'residentName', 'ｎａｍｅ', 'Ｎａｍｅ', 'n\u200bame', 'nickname',
    'phone', 'phoneNo', 'PHONE_NUMBER', 'mobile', 'tel', 'telephone', 'idCard', 'id_card_no', 'ID-CARD', 'cardNo', 'card_num', 'cardId', 'credentialId',
    'plate', 'plateNumber', 'licensePlate', 'licence', 'vin', 'face', 'faceId', 'face_feature', 'faceImage', 'featureVector', 'template', 'fingerprint',
    'birthday', 'gender', 'sex', 'age', 'nation', 'address', 'homeAddr' + 'ess', 'email', 'wechatId', 'openid', 'unionId', 'userId', 'personId', 'owner',
    '姓名', '名字', '身份证', '身份证号', '证件号', '卡号', '手机', '手机号', '联系电话', '车牌', '车牌号', '人脸', '人脸特征', '照片', '生日', '性别', '民族', '住址', '地址', '邮箱', '微信号',
  ] // biome-ignore format: a list of words
  test.each(spellings)('%s is cut, counted and told of, and its value is nowhere', async spelling => {
    for (const payload of [
      sample({ [spelling]: marker }),
      sample({}, { [spelling]: marker }),
      sample({ extra: [{ deep: { [spelling]: marker } }] }),
    ]) {
      const { send, everything, tally, commands, journal } = admission()
      expect(await send(payload)).toEqual(['stored'])
      expect(everything()).not.toContain(marker)
      expect(tally()).toMatchObject({ received: 1, stored: 1, personal: 1 })
      expect(commands).toMatchObject([
        { type: 'notice', code: 'EVENT_PERSONAL_MEMBER', members: [expect.any(String)] },
      ])
      expect(journal.read(0, 9).entries[0]?.record.data).toEqual(passageData)
    }
  })

  const harmless = [
    'firmwareBuild',
    'destination',
    'interface',
    'surface',
    'telemetry',
    'combination',
    'lane2',
    'battery',
    'hotelMode',
    '电池',
  ]
  test.each(harmless)('is not seen in %s, which is only ignored', async name => {
    const { send, tally, commands } = admission()
    await send(sample({ [name]: 1 }))
    expect(tally()).toMatchObject({ personal: 0, ignored: 1 })
    expect(commands).toEqual([])
  })

  test('is cut from what is parked, too, with its name and whatever its value looks like', async () => {
    const { send, everything, journal } = admission()
    const details = {
      birthday: '1990-01-01T00:00:00Z',
      room: 1203,
      married: true,
      [marker]: marker,
      list: [marker, 'passage', 7],
    }
    expect(await send(sample({ type: 'unlock', ...details }, { ...details, note: details }))).toEqual([
      'parked',
    ])
    expect(everything()).not.toMatch(/1990|1203|true|Zhang|birthday|room|married|note|7\b.*"passage"/)
    expect(journal.parked(1)[0]?.payload).toMatchObject({
      id: expect.any(String),
      type: '<text of 6>',
      time: '2026-11-21T08:30:00.000Z',
      data: passageData,
    })
  })

  test('is cut where it is a number in a time, or a time where none belongs', async () => {
    const { send, everything } = admission()
    await send(sample({ type: 'unlock', time: '2026-11-21T13800138000Z', source: '1990-01-01T00:00:00Z' }))
    expect(everything()).not.toMatch(/13800138000|1990/)
  })

  test('is cut from a status', async () => {
    const { status, everything } = admission()
    expect(await status(JSON.stringify({ state: 'online', owner: marker }))).toEqual(['stored'])
    expect(await status(JSON.stringify({ state: marker }))).toEqual(['parked'])
    expect(await status(JSON.stringify({ state: 'online', firmware: `${marker} ${marker}` }))).toEqual([
      'stored',
    ])
    expect(await status(`{"state":"${marker}`)).toEqual(['parked'])
    expect(everything()).not.toContain(marker)
  })
})

describe('whatever a device sends', () => {
  const secret = 'qZ7x'
  const text = fc.oneof(
    fc.constant(secret),
    fc.string().map(around => around + secret),
    fc.constantFrom('name', 'phone_', '姓名', 'passage', 'time').map(word => word + secret),
  )
  const key = fc.oneof(
    text,
    fc.constantFrom(
      'id',
      'type',
      'time',
      'data',
      'source',
      'subject',
      'direction',
      'reason',
      'holder',
      'firmware',
      '__proto__',
      'constructor',
      '姓名',
    ),
    fc.string(),
  )
  const anything = fc.letrec(tie => ({
    value: fc.oneof({ maxDepth: 6 }, text, fc.jsonValue({ maxDepth: 1 }), tie('list'), tie('object')),
    list: fc.array(tie('value'), { maxLength: 5 }),
    object: fc.dictionary(key, tie('value'), { maxKeys: 6 }),
  })).value
  const valid = fc.constantFrom(
    { type: 'passage', data: passageData },
    { type: 'health', data: { uptimeS: 1 } },
    { type: 'door', data: { state: 'open' } },
  )
  const nearlyValid = fc
    .tuple(valid, fc.dictionary(key, anything, { maxKeys: 5 }), fc.dictionary(key, anything, { maxKeys: 5 }))
    .map(([{ type, data }, outer, inner]) => ({
      id: 'a',
      type,
      time: new Date(someMoment).toISOString(),
      ...outer,
      data: { ...data, ...inner },
    }))
  const mangled = fc
    .tuple(nearlyValid, fc.nat(400), fc.constantFrom('', '"', '}', '\\', ' JSON at position 5', '\u0001'))
    .map(([value, at, extra]) => {
      const whole = JSON.stringify(value)
      return whole.slice(0, at % whole.length) + extra
    })
  const payloads = fc.oneof(
    anything.map(value => JSON.stringify(value)),
    nearlyValid.map(value => JSON.stringify(value)),
    fc.array(nearlyValid).map(value => JSON.stringify(value)),
    mangled,
  )

  /** Every text in it, names and values alike. */
  function* texts(value: unknown): Generator<string> {
    if (typeof value === 'string') yield value
    else if (typeof value === 'object' && value !== null)
      for (const [name, member] of Object.entries(value)) yield* [name, ...texts(member)]
  }

  test('nothing of a text that is not the contract’s own is stored, parked or sent back, except as an event’s id', async () => {
    await fc.assert(
      fc.asyncProperty(payloads, async payload => {
        const { send, status, journal, commands } = admission()
        const outcomes = [...(await send(payload)), ...(await status(payload))]
        expect(outcomes.length).toBeGreaterThan(1)
        const kept = [
          journal.read(0, 1e6).entries.map(({ record }) => record),
          journal.parked(1e6).map(({ id: _, ...rest }) => rest),
          commands.map(command => ({ ...command, id: undefined })),
        ]
        // An id and a firmware version are the device's own words: the contract says that neither may be a person's.
        for (const found of texts(kept))
          if (found.includes(secret)) expect(firmwares(journal)).toContain(found)
      }),
      { numRuns: 3000 },
    )
  })

  const firmwares = (journal: ReturnType<typeof admission>['journal']) =>
    journal.read(0, 1e6).entries.map(({ record }) => (record.data as { firmware?: string }).firmware)
})
