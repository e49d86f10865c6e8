import { describe, expect, test } from 'vitest'
import { hourMs, minuteMs, secondMs } from '../../core/clock.ts'
import { type Command, Feedback } from '../../gateway/admit/feedback.ts'
import { someMoment } from '../support/records.ts'

function feedback() {
  const sent: Command[] = []
  let now = someMoment
  const answers = new Feedback(
    command => sent.push(command),
    () => now,
  )
  return {
    answers,
    sent,
    pass(ms: number) {
      now += ms
    },
    refuse(times: number) {
      for (let n = 0; n < times; n++) answers.refuse('EVENT_INVALID', 'x')
    },
    /** How many were sent since the last call. */
    taken: () => sent.splice(0).length,
  }
}

describe('answers to a device', () => {
  test('say what was refused and why, with the id where there is one', () => {
    const { answers, sent } = feedback()
    answers.refuse('EVENT_INVALID', 'why', 'a')
    answers.refuse('EVENT_MALFORMED', 'why')
    answers.cut(['phone'])
    answers.mended(['openMs'])
    answers.about('d2').mended(['lane'])
    answers.about('d2').pictureInEvent('b')
    answers.pictureInEvent('c')
    answers.tellTime()
    expect(sent).toEqual([
      { type: 'refusal', code: 'EVENT_INVALID', reason: 'why', id: 'a' },
      { type: 'refusal', code: 'EVENT_MALFORMED', reason: 'why' },
      { type: 'notice', code: 'EVENT_PERSONAL_MEMBER', reason: expect.any(String), members: ['phone'] },
      { type: 'notice', code: 'EVENT_MEMBER_INVALID', reason: expect.any(String), members: ['openMs'] },
      {
        type: 'notice',
        code: 'EVENT_PICTURE_EMBEDDED',
        reason: expect.stringContaining('lintel/v1/{device}/snapshot/{eventId}'),
        id: 'b',
        device: 'd2',
      },
      { type: 'time', now: '2026-11-21T08:30:00.000Z' },
    ])
  })

  test('hold no time while our clock is in doubt', () => {
    const sent: Command[] = []
    let isSure = false
    const answers = new Feedback(
      command => sent.push(command),
      () => someMoment,
      () => isSure,
    )
    answers.tellTime()
    answers.about('d2').tellTime()
    expect(sent).toEqual([])
    isSure = true
    answers.tellTime()
    expect(sent).toMatchObject([{ type: 'time' }])
  })

  test('are twenty at once, then one a second, and the rest is counted', () => {
    const { answers, pass, refuse, taken } = feedback()
    refuse(50)
    expect([taken(), answers.heldBack]).toEqual([20, 30])
    pass(secondMs - 1)
    refuse(1)
    expect(taken()).toBe(0)
    pass(1)
    refuse(5)
    expect(taken()).toBe(1)
    pass(hourMs)
    refuse(50)
    expect(taken()).toBe(20)
  })

  test('come at one a second however the seconds are cut', () => {
    const { pass, refuse, taken } = feedback()
    refuse(20)
    taken()
    for (let n = 0; n < 10; n++) {
      pass(1900)
      refuse(5)
    }
    expect(taken()).toBe(19)
  })

  test('tell the time at most once a minute', () => {
    const { answers, pass, taken } = feedback()
    answers.tellTime()
    pass(minuteMs - 1)
    answers.tellTime()
    expect(taken()).toBe(1)
    pass(1)
    answers.tellTime()
    expect(taken()).toBe(1)
  })

  test('tell of personal members at most every ten minutes', () => {
    const { answers, pass, taken } = feedback()
    answers.cut(['name'])
    pass(10 * minuteMs - 1)
    answers.cut(['name'])
    expect(taken()).toBe(1)
    pass(1)
    answers.cut(['name'])
    expect(taken()).toBe(1)
  })

  test('that were held back are given as soon as there is room, not a period later', () => {
    const { answers, pass, refuse, sent, taken } = feedback()
    refuse(20)
    answers.cut(['name'])
    answers.tellTime()
    taken()
    pass(2 * secondMs)
    answers.cut(['name'])
    answers.tellTime()
    expect(sent.map(({ type }) => type)).toEqual(['notice', 'time'])
  })

  test('go on when the clock of the gateway is set back', () => {
    const { answers, pass, refuse, taken } = feedback()
    answers.tellTime()
    refuse(19)
    taken()
    pass(-hourMs)
    answers.tellTime()
    pass(2 * secondMs)
    answers.tellTime()
    refuse(1)
    expect(taken()).toBe(2)
  })
})
