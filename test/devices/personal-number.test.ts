import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { idForms } from '../../bench/ids/forms.ts'
import { mobileNumber, numberForms, residentNumber } from '../../bench/ids/numbers.ts'
import { judgeForm } from '../../bench/ids.ts'
import {
  holdsPersonalNumber,
  isIdOfPerson,
  withoutPersonalNumbers,
} from '../../devices/contract/personal-number.ts'
import { createRandom } from '../../devices/town/random.ts'
import { printedSeed } from '../support/random.ts'
import { someMoment } from '../support/records.ts'

const each = 2000
const seed = printedSeed('ids and numbers')

describe('an id of a usual form', () => {
  for (const [name, form] of Object.entries(idForms)) {
    test(`is nobody's number: ${name}`, () =>
      expect(judgeForm(name, form, each, seed)).toMatchObject({ taken: 0 }))
  }
})

/** Forms that cannot be told from ids: docs/decisions/0006-numbers-in-ids.md says why. The least share that is found. */
const hard: Readonly<Record<string, number>> = {
  '7-4': 0.85,
  'number and counter of 1': 0,
  'number and counter of 2': 0.35,
  'number and counter of 3': 0.88,
  'number and counter of 4': 0.88,
  'number and counter of 5': 0.88,
  'number and counter of 6': 0.88,
  'number and 6 digits': 0,
  'epoch in s and number': 0,
  'day and number': 0,
  'with a letter, as hex of 12': 0,
  'resident number and counter of 1': 0,
}

describe("a person's number in an id is found", () => {
  for (const [name, form] of Object.entries(numberForms)) {
    const least = hard[name] ?? 0.98
    test(`${name}${least > 0.9 ? '' : ', as far as it can be'}`, () =>
      expect(judgeForm(name, form, each, seed).taken / each).toBeGreaterThanOrEqual(least))
  }

  const found = [
    '138-1201-6461', '138.1201.6461', '138_1201_6461', '138:1201:6461', '138~1201~6461', '000113915149556',
    '139151574750001', '008613915165394', '2026112818300013915173313', '440106-19900307-6366',
    '44010619900307101X', '44010619900307101x', '01440106199003076366', '440106900307101', '440106199003071019',
    '441900198506150013', 'tel13912345678', '86-138-1234-5678', '13812345678-0001', '0-13812345678',
    'user.13812345678.7', '00000000-0000-0000-0000-013800138000',
  ] // biome-ignore format: a list
  test.each(found)('%s', id => expect(isIdOfPerson(id, someMoment)).toBe(true))
})

describe('an id that begins with a time is', () => {
  const tenths = Math.floor(someMoment / 100)
  test('a time around that of its event', () => {
    for (const offS of [-3600, 0, 3600])
      expect(isIdOfPerson(String(tenths + offS * 10), someMoment)).toBe(false)
  })
  test('a mobile number where its event was at another time', () =>
    expect(isIdOfPerson('18888888888', someMoment)).toBe(true))
  test('a time wherever it has thirteen digits', () =>
    expect(isIdOfPerson('1763713800000', someMoment)).toBe(false))
  test('a time of a clock that was never set', () =>
    expect(isIdOfPerson('19700101000012001', someMoment)).toBe(false))
})

describe('any other text', () => {
  const cases = [
    ['a version with a number', '138222255550', true],
    ['a version with a number in groups', '1.0-138.2222.4444', true],
    ['a version', 'V300R019C10SPC100', false],
    ['a version with a hash', '2.4.1+9f86d081884c', false],
    ['a model', 'nanodet-g.416', false],
    ['a building', '12栋-3单元', false],
    ['the address of a machine', '138.123.123.12', false],
    ['a serial number', '860123456789012', false],
  ] as const
  test.each(cases)('%s is judged', (_, text, holds) => expect(holdsPersonalNumber(text)).toBe(holds))

  test('is shown without the numbers in it, and otherwise as it is', () => {
    const random = createRandom('masked', seed)
    for (let n = 0; n < each; n++) {
      const number = n % 2 === 0 ? mobileNumber(random) : residentNumber(random)
      expect(withoutPersonalNumbers(`call ${number}, or write`)).toBe('call <number>, or write')
    }
    expect(withoutPersonalNumbers('a packet of 1048577 bytes where 4096 are allowed')).toBe(
      'a packet of 1048577 bytes where 4096 are allowed',
    )
  })

  test('holds a number exactly where one is taken out of it', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-fx ._:~-]{0,40}$/), text => {
        if (isIdOfPerson(text)) expect(withoutPersonalNumbers(text)).toContain('<number>')
        expect(isIdOfPerson(withoutPersonalNumbers(text))).toBe(false)
      }),
      { numRuns: 2000, seed },
    )
  })
})
