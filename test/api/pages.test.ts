import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { changeKinds, outcomes, statuses } from '../../alerts/book/alert.ts'
import { linkTo } from '../../alerts/notify/says.ts'
import { severities } from '../../alerts/rules/rule.ts'
import { apiOver } from '../support/api.ts'

const load = (name: string) => import(new URL(`../../api/pages/${name}`, import.meta.url).href)
const { texts } = await load('texts.js')
const { tables } = await load('tables.js')

/** What the routes that the page asks may answer. */
const codes = [
  'SIGN_IN_FAILED', 'SIGN_IN_THROTTLED', 'INVITATION_INVALID', 'ACCOUNT_EXISTS', 'ACCOUNT_INVALID',
  'API_UNAUTHORIZED', 'API_FORBIDDEN', 'API_CROSS_SITE', 'API_REQUEST_INVALID', 'API_UNAVAILABLE', 'STORE_UNAVAILABLE',
] // biome-ignore format: names

describe('the page', () => {
  test('says the same things in both languages', () => {
    const names = (text: object) => Object.keys(text).sort()
    expect(names(texts.zh)).toEqual(names(texts.en))
    expect(names(texts.zh.links)).toEqual(names(texts.en.links))
  })

  test.each(codes)('tells %s in Chinese', code => {
    const told = texts.zh.problems[code]
    expect(typeof told === 'function' ? told(30) : told).toMatch(/[\u4e00-\u9fff]/)
  })

  test('shows the flow by day, with a star for what is small and a dash for what is not there', () => {
    const rows = [
      { start: '2026-11-21T00:00:00+08:00', values: [], count: 120 },
      { start: '2026-11-22T00:00:00+08:00', values: [], count: null, hidden: 2 },
    ]
    expect(tables.flow({ rows, total: 120, hidden: 2 })).toEqual([
      { day: '2026-11-21', passages: '120' },
      { day: '2026-11-22', passages: '*' },
      { day: 'total', passages: '120*' },
    ])
    const alert = {
      id: 'a1',
      raisedAt: 0,
      severity: 'critical',
      status: 'open',
      says: { en: 'forced', zh: '强开' },
      rule: 'door-forced',
    }
    expect(tables.alerts({ alerts: [alert] }, 'Asia/Shanghai')).toEqual([
      {
        severity: 'critical',
        time: '1970-01-01 08:00',
        status: 'open',
        says: { ...alert.says, href: '/alerts/a1' },
      },
    ])
    expect(tables.flow({ rows: [], total: null })).toEqual([{ day: 'total', passages: '–' }])
  })

  test('shows who did what, the latest first, in the time of the service', () => {
    const entry = { seq: 1, at: Date.UTC(2026, 10, 24, 1), as: 'account', who: 'li', action: 'sign-in', target: '', hash: 'x' } // biome-ignore format: one line
    const rows = tables.audit([entry, { ...entry, who: 'wu' }], 'Asia/Shanghai')
    expect(rows.map(({ who }: { who: string }) => who)).toEqual(['wu', 'li'])
    expect(rows[0]).toMatchObject({ time: '2026-11-24 09:00', action: 'sign-in' })
    expect(rows[0]).not.toHaveProperty('hash')
  })
})

describe('the page of an alert', async () => {
  const { alertTexts } = await load('alert-texts.js')
  const { actsOf, adviceOf, factsOf, historyOf, picturesOf } = await load('alert-view.js')
  const alert = {
    id: '7k3q9m2xw0ta5d8f', rule: 'door-forced', severity: 'critical', zone: 'Asia/Shanghai', status: 'resolved', outcome: 'real',
    place: { site: '南社', building: 'b1', point: 'd1', device: 'door-1' }, occurredAt: Date.UTC(2026, 10, 24, 1), raisedAt: Date.UTC(2026, 10, 24, 1, 0, 5),
    times: 2, resolvedBy: 'li', history: [
      { what: 'raised', at: Date.UTC(2026, 10, 24, 1, 0, 5) },
      { what: 'resolved', at: Date.UTC(2026, 10, 24, 2), by: 'li', outcome: 'real', note: 'seen to' },
    ],
  } // biome-ignore format: one alert

  test('shows what it is, where, since when, its state and whose it is', () => {
    const facts = new Map<string, string>(factsOf(alert, alertTexts.en))
    expect(facts.get('Where')).toBe('南社, b1, d1, door-1')
    expect(facts.get('Happened')).toBe('2026-11-24 09:00:00 (Asia/Shanghai)')
    expect(facts.get('Raised')).toBe('2026-11-24 09:00:05 (2 times)')
    expect(facts.get('State')).toBe('resolved (real)')
    expect(facts.get('Whose')).toBe('li')
    expect(facts.has('Quiet until')).toBe(false)
    expect(new Map<string, string>(factsOf({ ...alert, place: {} }, alertTexts.zh)).get('位置')).toBe(
      '服务本身',
    )
  })

  test('shows its history, in either language', () => {
    expect(historyOf(alert, alertTexts.en)).toEqual([
      ['2026-11-24 09:00:05', 'raised', '', ''],
      ['2026-11-24 10:00:00', 'resolved', 'li', 'real, seen to'],
    ])
    expect(historyOf(alert, alertTexts.zh)[1]).toEqual(['2026-11-24 10:00:00', '处理', 'li', '属实，seen to'])
  })

  test('has a word for all that an alert can be, and that can become of it', () => {
    for (const text of [alertTexts.en, alertTexts.zh]) {
      expect(Object.keys(text.status)).toEqual([...statuses])
      expect(Object.keys(text.outcome)).toEqual([...outcomes])
      expect(Object.keys(text.severity).sort()).toEqual([...severities].sort())
      expect(Object.keys(text.change).sort()).toEqual([...changeKinds].sort())
    }
    const names = (text: Record<string, object>) => Object.entries(text).map(([name, part]) => [name, typeof part === 'object' ? Object.keys(part) : '']) // biome-ignore format: one line
    expect(names(alertTexts.zh)).toEqual(names(alertTexts.en))
  })

  test('shows what to do while it goes on, then how it ended, and where its pictures are', () => {
    const both = (text: string) => ({ en: text, zh: text })
    const open = { status: 'open', active: true, advice: both('look'), zone: 'UTC' }
    expect(adviceOf(open, 'en')).toBe('look')
    expect(adviceOf({ ...open, status: 'cleared', active: false, ended: both('closed') }, 'zh')).toBe(
      'closed look',
    )
    expect(adviceOf({ ...open, status: 'resolved', ended: both('closed') }, 'en')).toBe('closed')
    expect(adviceOf({ ...open, status: 'resolved' }, 'en')).toBe('')
    expect(picturesOf({ ...open, pictures: [{ device: 'd1', event: 'a:1', at: 0 }] })).toEqual([
      { href: '/api/v1/snapshots/d1/a%3A1/picture', told: 'd1 1970-01-01 00:00:00' },
    ])
  })

  test('offers who may act what can be done with it as it is', () => {
    const offered = (status: string, permissions: string[]) =>
      actsOf({ status, outcome: 'real' }, permissions, alertTexts.en).map(
        ({ word, isOver }: { word: string; isOver?: boolean }) => (isOver ? `(${word})` : word),
      )
    const closing = ['Close: real', 'Close: false alarm', 'Close: test', 'Close: maintenance']
    expect(offered('open', ['alerts.act'])).toEqual(['I see to it', 'Add the note', ...closing])
    for (const status of ['acknowledged', 'cleared'])
      expect(offered(status, ['alerts.act'])).toEqual(['(I see to it)', 'Add the note', ...closing])
    const corrections = ['(It was: real)', 'It was: false alarm', 'It was: test', 'It was: maintenance']
    expect(offered('resolved', ['alerts.act'])).toEqual(['(I see to it)', 'Add the note', ...corrections])
    expect(offered('open', ['alerts.read'])).toEqual([])
    const sent = actsOf({ status: 'open' }, ['alerts.act'], alertTexts.zh)
    expect(sent.flatMap(({ body }: { body: { outcome?: string } }) => body.outcome ?? [])).toEqual([
      ...outcomes,
    ])
  })

  test('has an icon, also where no page names it', async () => {
    for (const url of ['/icon.svg', '/favicon.ico']) {
      const { statusCode, headers } = await apiOver({}).inject(url)
      expect([statusCode, headers['content-type']]).toEqual([200, 'image/svg+xml'])
    }
  })

  test('is where the link of a message leads, for everybody, with whatever a messenger puts behind it', async () => {
    const link = linkTo('https://lintel.example', alert.id)!
    const { pathname } = new URL(link)
    for (const url of [pathname, `${pathname}?from=singlemessage&isappinstalled=0`]) {
      const answer = await apiOver({}).inject(url)
      expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
      expect(answer.headers['content-security-policy']).toContain("default-src 'none'")
      expect(answer.body).not.toMatch(/https?:|style=|onclick/)
      // It has nothing of the alert before it is known who reads.
      expect(answer.body).not.toContain(alert.id)
    }
    const page = readFileSync(new URL('../../api/pages/page.js', import.meta.url), 'utf8')
    const [, pattern] = /return \/(.*)\/\.test\(next\)/.exec(page)!
    expect(pathname).toMatch(new RegExp(pattern!))
    for (const foreign of [
      '//evil.example',
      'https://evil.example',
      '/alerts/../x',
      '/api/v1/flow',
      'javascript:x',
      '/alerts/a?b',
    ])
      expect(foreign).not.toMatch(new RegExp(pattern!))
  })
})
