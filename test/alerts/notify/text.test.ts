import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Told } from '../../../alerts/notify/channel.ts'
import { robotBody } from '../../../alerts/notify/channels/robots.ts'
import { cut, fitted, type TextOptions, textOf, utf8Bytes } from '../../../alerts/notify/text.ts'
import { rules } from '../../../alerts/rules/rules.ts'
import { messageOf, start, toldOf } from './support.ts'

const written = (told: readonly Told[], options: TextOptions, more = 0, over = 0) =>
  fitted(textOf(messageOf(told, more, over), options), more, 10_000, utf8Bytes)

describe('a text', () => {
  const forced = toldOf()
  const site = toldOf('raised', {
    rule: 'site-offline',
    place: { site: 'xili' },
    parts: { missing: 40, known: 100 },
    times: 3,
  })
  const ended = toldOf('cleared', {
    rule: 'site-offline',
    place: { site: 'xili' },
    status: 'cleared',
    parts: { missing: 8, known: 12 },
  })
  const held = toldOf('raised', { rule: 'door-held', severity: 'warning', parts: { openS: 125 } })

  const cases: { title: string; told: Told[]; options: TextOptions; more?: number; over?: number }[] = [
    { title: 'one, in Chinese', told: [forced], options: { language: 'zh' } },
    { title: 'one, in English, with a link', told: [forced], options: { language: 'en', publicUrl: 'https://lintel.example' } },
    { title: 'one, in both', told: [site], options: { language: 'both' } },
    { title: 'an end', told: [ended], options: { language: 'zh' } },
    { title: 'escalated', told: [toldOf('escalated')], options: { language: 'zh' } },
    { title: 'several: the gravest first, the newest first, ends last', told: [ended, held, forced, site], options: { language: 'zh' }, more: 2, over: 4 },
    { title: 'several in both', told: [ended, forced], options: { language: 'both' }, over: 1 },
    { title: 'nothing but what is over', told: [], options: { language: 'en' }, over: 3 },
  ] // biome-ignore format: a table
  test('says what, where, when and what to do', () => {
    const texts = cases.map(
      ({ title, told, options, more, over }) => `# ${title}\n${written(told, options, more, over)}`,
    )
    expect(texts.join('\n\n')).toMatchInlineSnapshot(`
      "# one, in Chinese
      【Lintel】紧急：nanshe b12 d1：门被强行打开（设备上报）。请查看门是否已关好、有无损坏。 (11-24 10:00)

      # one, in English, with a link
      【Lintel】critical: nanshe b12 d1: the door was forced (it says so). See whether it is shut and unharmed. (11-24 10:00)
      https://lintel.example/alerts/0123456789abcdef

      # one, in both
      【Lintel】紧急，再次发生 ×3：xili：100台设备中有40台离线。请检查小区网络和供电。
      critical, again ×3: xili: 40 of 100 devices are offline. See to the network and the power of the site. (11-24 10:00)

      # an end
      【Lintel】已恢复：xili：12台设备中有8台离线。设备已恢复在线。 (11-24 10:00)

      # escalated
      【Lintel】紧急，无人接手：nanshe b12 d1：门被强行打开（设备上报）。请查看门是否已关好、有无损坏。 (11-24 10:00)

      # several: the gravest first, the newest first, ends last
      【Lintel】5条告警，1条恢复
      紧急，再次发生 ×3：xili：100台设备中有40台离线。请检查小区网络和供电。 (11-24 10:00)
      紧急：nanshe b12 d1：门被强行打开（设备上报）。请查看门是否已关好、有无损坏。 (11-24 10:00)
      警告：nanshe b12 d1：门已打开2分5秒未关。请查看原因并关门。 (11-24 10:00)
      已恢复：xili：12台设备中有8台离线。设备已恢复在线。 (11-24 10:00)
      …还有2条
      4条在通知前已结束

      # several in both
      【Lintel】1条告警，1条恢复 · 1 alert, 1 over
      紧急：nanshe b12 d1：门被强行打开（设备上报）。请查看门是否已关好、有无损坏。
      critical: nanshe b12 d1: the door was forced (it says so). See whether it is shut and unharmed. (11-24 10:00)
      已恢复：xili：12台设备中有8台离线。设备已恢复在线。
      over: xili: 8 of 12 devices are offline. Its devices are back. (11-24 10:00)
      1条在通知前已结束 · 1 had ended before they could be told

      # nothing but what is over
      【Lintel】0 alerts
      3 had ended before they could be told"
    `)
  })

  test('tries a channel in its language', () => {
    const trial = { ...messageOf([]), isTest: true } as const
    expect(textOf(trial, { language: 'both' }).title).toBe(
      '【Lintel】这是一条测试消息，通道正常。 · This is a test: the channel works.',
    )
  })

  test('has no line and no mention that a name of a place put there', () => {
    const place = {
      site: 'a\n【Lintel】fake',
      building: '<at user_id="all">',
      point: '@all\u2028x',
      device: 'd',
    }
    const text = written([toldOf('raised', { place })], { language: 'zh' })
    expect(text).not.toMatch(/[<>@\u2028]/)
    expect(text.split('\n')).toHaveLength(1)
  })
})

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 64 })
const told = fc
  .record({
    what: fc.constantFrom('raised', 'cleared', 'escalated', 'woken', 'reopened'),
    rule: fc.constantFrom(...rules.map(rule => rule.name)),
    severity: fc.constantFrom('notice', 'warning', 'critical'),
    place: fc.record({ site: name, building: name, point: name, device: name }),
    times: fc.integer({ min: 1, max: 1000 }),
  })
  .map(({ what, ...alert }) => toldOf(what as 'raised', alert as object))
const message = fc
  .tuple(fc.array(told, { maxLength: 50 }), fc.nat(10_000), fc.nat(10_000))
  .map(([told, more, over]) => messageOf(told, more, over))
const options = fc.record({
  language: fc.constantFrom('zh', 'en', 'both'),
  publicUrl: fc.constantFrom(undefined, 'https://lintel.example'),
}) as fc.Arbitrary<TextOptions>

describe('what a robot is sent', () => {
  test('is never longer than it takes, whatever places are called', () => {
    fc.assert(
      fc.property(message, options, (message, options) => {
        const wecom = JSON.parse(robotBody('wecom', message, options, undefined, start)).text.content
        expect(utf8Bytes(wecom)).toBeLessThanOrEqual(2048)
        expect(wecom).toMatch(/^【Lintel】/)
        expect(utf8Bytes(robotBody('dingtalk', message, options, 'secret', start))).toBeLessThanOrEqual(
          20_000,
        )
        expect(utf8Bytes(robotBody('feishu', message, options, 'secret', start))).toBeLessThanOrEqual(20_000)
      }),
      { numRuns: 60 },
    )
  })

  test('names or counts each alert', () => {
    fc.assert(
      fc.property(message, fc.integer({ min: 300, max: 5000 }), (message, max) => {
        const text = textOf(message, { language: 'en' })
        const whole = fitted(text, message.more, max, utf8Bytes)
        expect(utf8Bytes(whole)).toBeLessThanOrEqual(max)
        const unnamed = Number(/…and (\d+) more$/m.exec(whole)?.[1] ?? 0)
        const named = text.items.filter(item => whole.includes(item)).length
        const isFirstCut = named === 0 && text.items.length > 0
        // Two items may read the same.
        expect(named + unnamed + (isFirstCut ? 1 : 0)).toBeGreaterThanOrEqual(
          text.items.length + message.more,
        )
      }),
      { numRuns: 60 },
    )
  })

  test('is cut at a character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.integer({ min: 3, max: 300 }),
        (text, max) => {
          const short = cut(text, max, utf8Bytes)
          expect(utf8Bytes(short)).toBeLessThanOrEqual(max)
          if (short !== text) expect(text.startsWith(short.slice(0, -1)) && short.endsWith('…')).toBe(true)
        },
      ),
    )
  })
})
