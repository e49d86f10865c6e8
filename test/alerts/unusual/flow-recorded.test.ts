import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createSlots } from '../../../alerts/calendar/day.ts'
import { calendarIn } from '../../../alerts/calendar/zone-calendar.ts'
import { explain } from '../../../alerts/rules/explain.ts'
import { hourMs, minuteMs } from '../../../core/clock.ts'
import { createTown, inOrder, type Passed, passed } from './flow-town.ts'

const recording = fileURLToPath(new URL('recorded/flow-counts.txt', import.meta.url))
const zone = 'Asia/Shanghai'
const stepMs = 30 * minuteMs

/** As many passages in each half hour as were counted, at even distances. */
function readCounts(): Passed[] {
  const lines = readFileSync(recording, 'utf8')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
  const streams = lines.map(line => {
    const [date, name = '', direction, ...counts] = line.split(' ')
    const midnight = Date.parse(`${date}T00:00:00+08:00`)
    return counts.flatMap((count, bin) =>
      Array.from({ length: Number(count) }, (_, n) => {
        const at = midnight + bin * stepMs + Math.floor(((n + 0.5) / Number(count)) * stepMs)
        const one = passed(at, name, { direction: direction === 'in' ? 'in' : 'out' })
        return { ...one, place: { ...one.place, zone } }
      }),
    )
  })
  return inOrder(...streams)
}

// A party at b01 in the night of Saturday, 28 March; its d01 is blocked on the first of April; lane1 counts nothing from the third on.
test('five weeks of a town are told as recorded (npx vitest run test/alerts/unusual/flow-recorded.test.ts -u writes it)', async () => {
  const records = readCounts()
  const town = createTown({
    from: records[0]!.at - hourMs,
    slotsOf: name => createSlots(name, calendarIn(name)),
  })
  town.feed(records)
  town.runUntil(records.at(-1)!.at + hourMs)
  const text = town.found.map(finding => `${new Date(finding.receivedAt).toISOString()} ${finding.kind === 'raised' ? '+' : '-'} ${finding.rule}: ${explain(finding, 'en')} ${explain(finding, 'zh')}\n`) // biome-ignore format: a line
  await expect(text.join('')).toMatchFileSnapshot('recorded/flow.txt')
})
