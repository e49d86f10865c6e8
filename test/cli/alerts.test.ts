import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { array, assert, constantFrom, integer, property, string } from 'fast-check'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createApp } from '../../api/app.ts'
import { createAlertLive, liveDefaults } from '../../api/live/alert-live.ts'
import { createAlertOperations } from '../../api/operations/alert-operations.ts'
import { createChannelOperations } from '../../api/operations/channel-operations.ts'
import type { DeviceView, Operations } from '../../api/operations/operations.ts'
import { createEventReader, type ServerEvent } from '../../cli/alerts/event-stream.ts'
import { followAlerts } from '../../cli/alerts/follow.ts'
import { reportText } from '../../cli/alerts/report-text.ts'
import { shortIds } from '../../cli/alerts/rows.ts'
import { rangeOf, type ShiftOptions } from '../../cli/alerts/shift.ts'
import { addAlertCommands } from '../../cli/commands/alerts.ts'
import { parseConfig } from '../../config/config.ts'
import { dataPaths, prepareDataDirectory } from '../../core/data-directory.ts'
import { openLmdbState } from '../../core/state/lmdb-state.ts'
import { createRegistry } from '../../devices/registry/registry.ts'
import type { Picture } from '../../gateway/snapshots/snapshots.ts'
import { besideAlerts, clearedAt, openAlerts, raisedAt } from '../support/alerts.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const zone = 'Asia/Shanghai'
const now = Date.parse('2026-11-24T11:00:00+08:00')

const pictureOf = (event: string, at: number): Picture => ({
  device: 'd1', event, at, place: 1, urgent: false, position: at, restedAt: at, bytes: 4,
}) // biome-ignore format: one thing

/** A service that has one alert that goes on and one that ended. */
async function serve(port = 0, parts = openAlerts()) {
  const { state, alerts, record } = parts
  const clock = () => now
  const config = parseConfig({ zone })
  const notifier = {
    channels: () => [{ name: 'log', kind: 'log', waiting: 1, sent: 2, failed: 0, undelivered: 0 } as const],
    test: async () => ({ delivered: false, fault: 'nobody is there' }) as const,
  }
  const registry = createRegistry(state)
  const place = { site: '南社', building: 'b01', point: 'd01', zone }
  await registry.enrol([{ device: 'd1', kind: 'terminal', ...place }], now - 9000)
  const beside = besideAlerts({ state, registry, clock }, [
    pictureOf('e7', now - 6990),
    pictureOf('e8', now - 9000),
  ])
  const { app } = createApp({
    operations: viewer =>
      ({
        ...createAlertOperations({ alerts, ...beside }, viewer),
        ...createChannelOperations({ notifier }),
        readSnapshot: ({ device, event }) => beside.snapshots.read({ device, event }),
        listDevices: async () => [{ device: 'd1', site: '南社' }] as DeviceView[],
      }) as Operations,
    access: beside.access,
    operatorToken: 'secret',
    config,
    clock,
    live: createAlertLive(alerts, { ...liveDefaults, retryMs: 10 }),
  })
  if (alerts.lastChange() === 0) {
    await record(
      now - 7000,
      raisedAt(now - 7000),
      raisedAt(now - 7000, { rule: 'tamper', severity: 'critical', parts: { part: 'case' } }),
    )
    await record(now - 5000, clearedAt(now - 7000, now - 5000))
  }
  const url = await app.listen({ host: '127.0.0.1', port })
  onTestFinished(() => app.close())
  return { ...parts, app, url, access: beside.access }
}

/** What a command prints, as it stands there. */
async function run(...args: string[]): Promise<string> {
  let text = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation(chunk => {
    text += chunk
    return true
  })
  const program = new Command().exitOverride()
  addAlertCommands(program)
  await program.parseAsync(['alerts', ...args], { from: 'user' }).finally(() => write.mockRestore())
  return text
}

/** The same, of a service elsewhere. */
async function printed(url: string, ...args: string[]): Promise<string> {
  const directory = await temporaryDirectory()
  const [token, config] = ['token', 'config.json'].map(name => join(directory, name)) as [string, string]
  writeFileSync(token, 'secret')
  writeFileSync(config, JSON.stringify({ zone }))
  return run(...args, '--config', config, '--url', url, '--token-file', token)
}

describe('lintel alerts', () => {
  test('lists, the newest first, in the time of the place and the language of who reads', async () => {
    const { url } = await serve()
    const lines = (await printed(url, 'list', '--lang', 'zh')).split('\n')
    expect(lines[0]).toMatch(/^编号 +告警时间 +级别 +状态 +负责 +内容$/)
    expect(
      lines
        .slice(1, 3)
        .sort()
        .map(line => line.replace(/^\w+/, 'ID')),
    ).toEqual([
      expect.stringMatching(/^ID +2026-11-24 10:59:53 +紧急 +待处理 .*南社 b01 d01/),
      expect.stringMatching(/^ID +2026-11-24 10:59:53 +警告 +已恢复 .*南社 b01 d01/),
    ])
    // One that ended by itself is nobody's until somebody has closed it.
    const listed = await printed(url, 'list', '--open', '--lang', 'en')
    expect(listed).toMatch(/^id .*\n(?:\w{8} [^\n]*\n){2}$/)
    expect(listed).toMatch(/ critical +open /)
    expect(listed).toMatch(/ warning +cleared /)
    await printed(url, 'resolve', listed.match(/^(\w{8}) .* cleared /m)![1]!, '--as', 'real')
    expect(await printed(url, 'list', '--open', '--lang', 'en')).toMatch(
      /^id .*\n\w{8} .* critical +open +[^\n]*\n$/,
    )
    expect(await printed(url, 'list', '--severity', 'notice', '--lang', 'en')).toBe('(nothing)\n')
    expect(JSON.parse(await printed(url, 'list', '--json', '--limit', '1'))).toHaveLength(1)
    expect(await printed(url, 'list', '--limit', '1', '--lang', 'en')).toContain('and more: --limit 2')
  })

  test('takes, assigns, comments and resolves one by the beginning of its id, and shows what was done', async () => {
    const { url, alerts } = await serve()
    const { id } = alerts.list({ limit: 1, status: ['open'] }).alerts[0]!
    expect(await printed(url, 'ack', id.slice(0, 6), '--note', 'on my way', '--lang', 'en')).toContain(
      'acknowledged  operator',
    )
    await printed(url, 'assign', id, '早班')
    await printed(url, 'assign', id)
    await printed(url, 'comment', id, 'a bird')
    await printed(url, 'resolve', id, '--as', 'false-alarm')
    const shown = await printed(url, 'show', id, '--lang', 'zh')
    expect(shown).toContain('状态 已处理 (误报)')
    expect(shown.split('\n').filter(line => line.startsWith('2026')).map(line => line.slice(21).trim())).toEqual([
      '发生', '接手  operator  on my way', '指派  operator  早班', '指派  operator', '备注  operator  a bird', '处理  operator  误报',
    ]) // biome-ignore format: a history
    await expect(printed(url, 'ack', id)).rejects.toMatchObject({ code: 'ALERT_CLOSED' })
  })

  test('shows when it was raised as the list does, what happened, what to do, the device and its pictures', async () => {
    const { url, alerts } = await serve()
    const [open] = alerts.list({ limit: 1, status: ['open'] }).alerts
    const shown = (await printed(url, 'show', open!.id, '--lang', 'en')).split('\n')
    expect(shown.slice(0, 2)).toEqual([
      '南社 b01 d01: the case of  is being tampered with.',
      'to do: Go and look.',
    ])
    expect(shown).toContain(`raised 2026-11-24 10:59:53 (${zone}), happened 2026-11-24 10:59:53`)
    expect(shown).toContain('device d1')
    expect(shown).toContain(`pictures 2: lintel alerts picture ${open!.id}`)
    expect(shown).toContain('  d1 event e7')
    const [over] = alerts.list({ limit: 1, status: ['cleared'] }).alerts
    expect((await printed(url, 'show', over!.id, '--lang', 'zh')).split('\n').slice(0, 2)).toEqual([
      '南社 b01 d01：门已打开1分30秒未关。',
      '恢复: 未关的门已关闭。',
    ])
  })

  test('writes the pictures of an alert, the nearest or all', async () => {
    const { url, alerts } = await serve()
    const [open] = alerts.list({ limit: 1, status: ['open'] }).alerts
    const out = await temporaryDirectory()
    const text = await printed(url, 'picture', open!.id, '--out', out, '--lang', 'en')
    expect(text).toContain('and 1 more: --all')
    expect(readdirSync(out)).toEqual(['d1-e7.jpg'])
    await printed(url, 'picture', open!.id, '--out', out, '--all')
    expect(readdirSync(out).sort()).toEqual(['d1-e7.jpg', 'd1-e8.jpg'])
    expect(readFileSync(join(out, 'd1-e7.jpg'), 'utf8')).toBe('jpeg')
  })

  test('says that a name it gives an alert to has no account, where there are accounts', async () => {
    const { url, alerts, access } = await serve()
    const [open] = alerts.list({ limit: 1, status: ['open'] }).alerts
    await access.accounts.add({ name: 'li', role: 'duty', sites: ['南社'] }, now)
    const assigned = (name: string) => printed(url, 'assign', open!.id, name, '--lang', 'en')
    expect(await assigned('li')).not.toContain('warning')
    expect(await assigned('ghost')).toContain('warning: ghost: nobody has an account of this name')
  })

  test('snoozes a rule at a place, says what is quiet, and ends it', async () => {
    const { url, alerts } = await serve()
    const made = JSON.parse(await printed(url, 'snooze', '--site', '南社', '--rule', 'tamper', '--for', '2h', '--maintenance', '--note', 'work', '--from', '2026-11-24T12:00', '--json')) // biome-ignore format: one line
    expect(made).toMatchObject({
      why: 'maintenance',
      place: { site: '南社' },
      from: '2026-11-24T12:00:00.000+08:00',
      until: '2026-11-24T14:00:00.000+08:00',
    })
    expect(await printed(url, 'snoozes', '--lang', 'en')).toMatch(
      /maintenance +Tampering +南社 +2026-11-24 12:00:00 +2026-11-24 14:00:00 +operator +work\n$/,
    )
    expect(await printed(url, 'unsnooze', made.id, '--lang', 'zh')).toBe(`${made.id} 已结束\n`)
    expect(alerts.snoozes()).toEqual([])
    expect(await printed(url, 'snoozes', '--lang', 'zh')).toBe('（无）\n')
  })

  test('says that a snooze is of a place where nothing stands', async () => {
    const { url } = await serve()
    const warned = async (...place: string[]) =>
      (await printed(url, 'snooze', ...place, '--for', '1h', '--lang', 'en')).match(/^warning: .*/gm)
    expect(await warned('--site', '南社', '--device', 'd1')).toBeNull()
    expect(await warned('--site', 'nanshe', '--device', 'd9')).toEqual([
      'warning: nanshe: no device stands at a site of this name',
      'warning: d9: there is no device of this name',
    ])
  })

  const refused = [
    { title: 'of nothing', args: ['snooze', '--for', '1h'] },
    { title: 'of a rule and of everything', args: ['snooze', '--for', '1h', '--all', '--rule', 'tamper'] },
    { title: 'without an end', args: ['snooze', '--rule', 'tamper'] },
  ]
  for (const { title, args } of refused)
    test(`refuses a snooze ${title}`, async () => {
      await expect(printed('http://127.0.0.1:1', ...args)).rejects.toMatchObject({ code: 'SNOOZE_INVALID' })
    })

  test('reports on a shift', async () => {
    const { url } = await serve()
    const text = await printed(
      url,
      'report',
      '--from',
      '2026-11-24T08:00',
      '--to',
      '2026-11-24T20:00',
      '--lang',
      'en',
    )
    expect(text).toContain(
      '2026-11-24 08:00 to 2026-11-24 20:00 (Asia/Shanghai)\n2 alerts: 1 critical, 1 warning\n1 cleared, 1 going on\n',
    )
    const report = JSON.parse(
      await printed(url, 'report', '--from', '2026-11-24', '--site', '北社', '--json'),
    )
    expect(report).toMatchObject({ raised: 0, open: [] })
  })

  test('says how channels are, and that one does not work', async () => {
    const { url } = await serve()
    expect(await printed(url, 'channels')).toMatch(/^channel +kind +sites +waiting.*\nlog +log +all +1 /)
    await expect(printed(url, 'test', 'log')).rejects.toMatchObject({
      code: 'NOTIFY_FAILED',
      message: 'nobody is there',
    })
  })

  test('works on a data directory that no service uses', async () => {
    const directory = await temporaryDirectory()
    prepareDataDirectory(dataPaths(directory))
    const state = openLmdbState({ directory: dataPaths(directory).state })
    const { alerts, record } = openAlerts(state)
    await record(now, raisedAt(now))
    const { id } = alerts.list({ limit: 1 }).alerts[0]!
    await state.close()
    const text = await run('resolve', id, '--as', 'test', '--data', directory, '--lang', 'en')
    expect(text).toContain('resolved (test)  operator')
  })
})

describe('a shift', () => {
  const cases: { title: string; options: ShiftOptions; at?: string; from: string; to: string }[] = [
    { title: 'is of the last 12 hours', options: {}, from: '2026-11-23T23:00', to: '2026-11-24T11:00' },
    { title: 'is the one that goes on', options: { shift: true }, from: '2026-11-24T08:00', to: '2026-11-24T11:00' },
    { title: 'is the night, after midnight', options: { shift: true }, at: '2026-11-24T02:00', from: '2026-11-23T20:00', to: '2026-11-24T02:00' },
    { title: 'is the last night', options: { shift: 'night' }, from: '2026-11-23T20:00', to: '2026-11-24T08:00' },
    { title: 'is the day before, in the night', options: { shift: 'day' }, at: '2026-11-24T02:00', from: '2026-11-23T08:00', to: '2026-11-23T20:00' },
    { title: 'has hours of its own', options: { shift: '16-24' }, from: '2026-11-23T16:00', to: '2026-11-24T00:00' },
    { title: 'has hours and minutes', options: { shift: '07:30-15:45' }, from: '2026-11-24T07:30', to: '2026-11-24T11:00' },
    { title: 'is as long as is asked', options: { last: '8h' }, from: '2026-11-24T03:00', to: '2026-11-24T11:00' },
    { title: 'has its own beginning and end', options: { from: '2026-11-20', to: '2026-11-21T08:00Z' }, from: '2026-11-20T00:00', to: '2026-11-21T16:00' },
  ] // biome-ignore format: a table
  for (const { title, options, at, from, to } of cases)
    test(`${title}: ${JSON.stringify(options)}`, () => {
      const local = (text: string) => Date.parse(`${text}+08:00`)
      expect(rangeOf(options, zone, at === undefined ? now : local(at))).toEqual({
        from: local(from),
        to: local(to),
      })
    })

  test('is as long as the clock makes it where that is set', () => {
    const berlin = (text: string) => rangeOf({ shift: 'night' }, 'Europe/Berlin', Date.parse(text))
    const { from, to } = berlin('2026-10-25T12:00:00Z')
    expect((to - from) / 3_600_000).toBe(13)
  })

  for (const options of [
    { shift: '25-3' },
    { last: '0h' },
    { last: 'long' },
    { from: 'noon' },
    { shift: true, last: '8h' },
  ] as ShiftOptions[])
    test(`is refused as ${JSON.stringify(options)}`, () => {
      expect(() => rangeOf(options, zone, now)).toThrow(
        expect.objectContaining({ code: 'API_REQUEST_INVALID' }),
      )
    })
})

test('a report says how to look at the parameters of what is mostly false', () => {
  const judged = {
    rule: 'door-held',
    place: { site: '南社', building: 'b 1', point: 'd1' },
    judged: 7,
    falseAlarms: 6,
    isMostlyFalse: true,
  }
  const none = { real: 0, 'false-alarm': 0, test: 0, maintenance: 0, cleared: 0, open: 0 }
  const report = {
    from: now, to: now + 1, raised: 0, times: 0, bySeverity: { notice: 0, warning: 0, critical: 0 }, byStanding: none,
    byRule: [], toAcknowledge: { count: 0 }, toResolve: { count: 0 }, judged: [judged], escalated: 0, undelivered: { sms: 2 }, open: [], ended: [],
  } // biome-ignore format: one thing
  const text = reportText(report, zone, 'zh')
  expect(text).toContain('7 条中 6 条为误报')
  expect(text).toContain("lintel rules show --rule door-held --site 南社 --point 'b 1/d1'")
  expect(text).toContain('未送达：sms 2')
})

test('short ids tell each from the others, and are the beginnings of their own', () => {
  const id = string({ unit: constantFrom('0', 'a'), minLength: 16, maxLength: 16 })
  assert(
    property(array(id, { maxLength: 20 }), ids => {
      const short = shortIds(ids)
      for (const each of ids) {
        expect(short(each).length).toBeGreaterThanOrEqual(8)
        expect(new Set(ids.filter(other => other.startsWith(short(each))))).toEqual(new Set([each]))
      }
    }),
  )
})

test('events are read the same wherever the stream is cut', () => {
  const stream =
    'retry: 20\nid: 1\n\n: still here\n\nid: 2\r\nevent: raised\r\ndata: {"a":"南\\n"}\r\n\r\ndata: x\ndata:y\n\nid: 9\ndata: cut off'
  const whole = createEventReader().feed(stream)
  expect(whole).toEqual([
    { id: '2', event: 'raised', data: '{"a":"南\\n"}' },
    { id: '2', event: 'message', data: 'x\ny' },
  ])
  assert(
    property(array(integer({ min: 0, max: stream.length }), { maxLength: 8 }), cuts => {
      const at = [0, ...cuts.sort((a, b) => a - b), stream.length]
      const reader = createEventReader()
      expect(at.slice(1).flatMap((end, n) => reader.feed(stream.slice(at[n], end)))).toEqual(whole)
      expect([reader.lastId(), reader.retryMs()]).toEqual(['2', 20])
    }),
  )
})

describe('following the live stream', () => {
  test('goes on where it was when the service comes back', async () => {
    const first = await serve()
    const told: ServerEvent[] = []
    const pauses: string[] = []
    const end = new AbortController()
    onTestFinished(() => end.abort())
    const events = followAlerts({
      find: () => ({ url: first.url, token: 'secret' }),
      after: 1,
      signal: end.signal,
      onPause: ({ code }) => pauses.push(code),
    })
    const following = (async () => {
      for await (const event of events) told.push(event)
    })()
    await eventually(() => told.length === 2)
    await first.app.close()
    const { id } = first.alerts.list({ limit: 1, status: ['open'] }).alerts[0]!
    await first.alerts.act(id, { do: 'comment', note: 'x' }, 'me', now)
    await serve(Number(new URL(first.url).port), first)
    await eventually(() => told.length === 3, 10_000)
    expect(told.map(event => event.id)).toEqual(['2', '3', '4'])
    end.abort()
    await following
    expect(new Set(pauses)).toEqual(pauses.length > 0 ? new Set(['API_UNAVAILABLE']) : new Set())
  })

  const hopeless = [
    { title: 'a token that is not known', token: 'wrong', code: 'API_UNAUTHORIZED' },
    {
      title: 'a service that is not there',
      token: 'secret',
      url: 'http://127.0.0.1:1',
      code: 'API_UNAVAILABLE',
    },
  ]
  for (const { title, token, code, ...there } of hopeless)
    test(`ends at once for ${title}`, async () => {
      const { url } = await serve()
      await expect(followAlerts({ find: () => ({ url, token, ...there }) }).next()).rejects.toMatchObject({
        code,
      })
    })
})
