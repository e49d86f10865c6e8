import { describe, expect, test } from 'vitest'
import { answerFlow } from '../../flow/query.ts'
import type { ZonedQuestion } from '../../flow/question.ts'
import type { FlowScope } from '../../flow/scope.ts'
import { parseMoment } from '../../flow/zone.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'

const zone = 'Asia/Shanghai'
const places = [
  { site: 'elm', building: 'a', point: 'front', device: 'd1' },
  { site: 'elm', building: 'b', point: 'front', device: 'd2' },
  { site: 'oak', building: 'c', point: 'yard', device: 'd3' },
]
const smallNumbers = {
  k: 10, zone, now: parseMoment('2026-12-01', zone),
  places: places.map(({ site, building }) => ({ site, building, kind: 'terminal' as const })),
  households: [{ device: 'd9', site: 'elm' }],
} // biome-ignore format: parts

async function notesOf(question: Partial<ZonedQuestion>, scope: FlowScope): Promise<readonly string[]> {
  const asked = { measure: 'passages', from: '2026-11-02', to: '2026-11-03', every: '1d', by: [], zone, ...question } // biome-ignore format: one line
  const { notes = [] } = await answerFlow(asked, createMemoryStore(), scope)
  return notes.map(({ note, dimension, values }) => [note, dimension, ...values].filter(Boolean).join(' '))
}

describe('an answer says', () => {
  const duty = { sites: ['elm'], places }
  const cases: { title: string; question: Partial<ZonedQuestion>; scope: FlowScope; want: string[] }[] = [
    { title: 'nothing where there is nothing to say', question: { where: { site: ['elm'], building: ['a'] } }, scope: { places }, want: [] },
    { title: 'that there is no such site', question: { where: { site: ['elm', 'elmm'] } }, scope: { places }, want: ['unknown-place site elmm'] },
    { title: 'that a building is at another site', question: { where: { site: ['elm'], building: ['c'] } }, scope: { places }, want: ['unknown-place building c'] },
    { title: 'that there is no such point or device', question: { where: { point: ['frnt'], device: ['d4'] } }, scope: { places }, want: ['unknown-place point frnt', 'unknown-place device d4'] },
    { title: 'of a building of others what it says of one that there is not', question: { where: { building: ['c', 'z'] } }, scope: duty, want: ['unknown-place building c z'] },
    { title: 'nothing of places where they are not known', question: { where: { site: ['elmm'] } }, scope: {}, want: [] },
    { title: 'that buildings are without doors of households', question: { by: ['building'] }, scope: { smallNumbers }, want: ['household-doors elm'] },
    { title: 'that a building is, asked for alone', question: { where: { building: ['a'] } }, scope: { smallNumbers }, want: ['household-doors elm'] },
    { title: 'nothing of households at other sites', question: { by: ['building'], where: { site: ['oak'] } }, scope: { smallNumbers }, want: [] },
    { title: 'nothing of households for a site', question: { by: ['site'] }, scope: { smallNumbers }, want: [] },
    { title: 'nothing of households to who sees every number', question: { by: ['building'] }, scope: { places }, want: [] },
    { title: 'that a month earlier days are other weekdays', question: { compare: '1M' }, scope: {}, want: ['other-weekdays 1 5'] },
    { title: 'that a year earlier hours are of another weekday', question: { compare: '1y', every: '1h' }, scope: {}, want: ['other-weekdays 1 7'] },
    { title: 'nothing of weekdays a week earlier', question: { compare: '1w' }, scope: {}, want: [] },
    { title: 'nothing of weekdays to who asks for the day before', question: { compare: '1d' }, scope: {}, want: [] },
    { title: 'that the day that goes on is held against a whole one', question: { compare: '1w' }, scope: { now: parseMoment('2026-11-02T15:00', zone) }, want: ['unfinished-step 2026-11-02T00:00:00+08:00'] },
    { title: 'that of some hours the one that goes on is', question: { compare: '1d', every: '1h' }, scope: { now: parseMoment('2026-11-02T15:20', zone) }, want: ['unfinished-step 2026-11-02T15:00:00+08:00'] },
    { title: 'nothing of steps that are over, or yet to come', question: { compare: '1w' }, scope: { now: parseMoment('2026-11-03', zone) }, want: [] },
    { title: 'nothing of what goes on where it is held against nothing', question: {}, scope: { now: parseMoment('2026-11-02T15:00', zone) }, want: [] },
    { title: 'nothing of weekdays in months', question: { compare: '1M', every: '1M' }, scope: {}, want: [] },
  ] // biome-ignore format: a table
  for (const { title, question, scope, want } of cases)
    test(title, async () => expect(await notesOf(question, scope)).toEqual(want))
})
