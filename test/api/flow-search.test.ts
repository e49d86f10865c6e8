import { expect, test } from 'vitest'
import { toQuestion, toSearch } from '../../api/routes/flow-search.ts'
import type { FlowQuestion } from '../../flow/question.ts'

const whole: FlowQuestion = {
  measure: 'people', from: '2026-11-01', to: '2026-12-01T08:00:00+08:00', every: '1w', by: ['site', 'day-of-week'], zone: 'Asia/Shanghai',
  where: { site: ['南社', "o'hara & co=1"], holder: [''], 'hour-of-day': ['7', '8'] }, fill: 'zero', compare: 'previous', top: 5, share: true,
} // biome-ignore format: parts

test('a question is the same after it has been a URL', () => {
  const search = Object.fromEntries(new URLSearchParams(String(toSearch(whole))))
  // The framework turns these two into what their schema says.
  const read = { ...search, top: Number(search.top), share: search.share === 'true' }
  expect(toQuestion(read as never)).toEqual(whole)
})

test('what is not asked for is not in the URL', () => {
  const plain: FlowQuestion = { measure: 'passages', from: '2026-11-01', to: '2026-11-02', by: [], zone: 'UTC', top: undefined } // biome-ignore format: one line
  expect(String(toSearch(plain))).toBe('by=&measure=passages&from=2026-11-01&to=2026-11-02&zone=UTC')
})

test('a filter that is misspelt reaches the question, which tells it', () => {
  const search = { measure: 'passages', from: 'a', to: 'b', by: '', zone: 'UTC', biulding: 'b1,b2' }
  expect(toQuestion(search).where).toEqual({ biulding: ['b1', 'b2'] })
})
