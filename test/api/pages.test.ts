import { describe, expect, test } from 'vitest'

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
