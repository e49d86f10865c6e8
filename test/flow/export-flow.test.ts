import { expect, test } from 'vitest'
import type { FlowAnswer } from '../../flow/answer.ts'
import { csv } from '../../flow/export/csv.ts'
import { tableOfFlow } from '../../flow/export/export-flow.ts'
import { gather } from './export-table.ts'

const answer: FlowAnswer = {
  measure: 'passages',
  unit: 'count',
  from: '2026-11-21T00:00:00+08:00',
  to: '2026-11-22T00:00:00+08:00',
  every: '1h',
  zone: 'Asia/Shanghai',
  by: ['site'],
  rows: [
    { start: '2026-11-21T08:00:00+08:00', values: ['南社'], count: 12, share: 0.5 },
    { start: '2026-11-21T09:00:00+08:00', values: [''], count: null, hidden: 2, share: null },
  ],
  total: 12,
}

const textOf = async (of: FlowAnswer) => (await gather(csv.encode(tableOfFlow(of)))).toString().split('\r\n')

test('an answer becomes a table whose columns are the same for every row', async () => {
  expect(await textOf(answer)).toEqual([
    'start,site,passages,share',
    '2026-11-21T08:00:00.000+08:00,南社,12,0.5',
    '2026-11-21T09:00:00.000+08:00,,,',
    '',
  ])
})

test('what is hidden is told as absent, and how many parts of it', async () => {
  const hiding: FlowAnswer = {
    ...answer,
    rows: answer.rows.map(({ share: _, ...row }) => ({ ...row, before: 3, beforeHidden: 1 })),
    before: { from: answer.from, to: answer.to, total: 3 },
    suppression: { minCount: 10, until: answer.to },
  }
  expect((await textOf(hiding)).slice(0, 3)).toEqual([
    'start,site,passages,hidden,before,beforeHidden',
    '2026-11-21T08:00:00.000+08:00,南社,12,0,3,1',
    '2026-11-21T09:00:00.000+08:00,,,2,3,1',
  ])
})
