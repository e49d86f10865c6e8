import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { encodeRecord, maxRecordBytes } from '../../devices/contract/record.ts'
import { admitEvents } from '../../gateway/admit/admit-events.ts'
import { answer } from '../../gateway/admit/answer.ts'
import { type Command, Feedback } from '../../gateway/admit/feedback.ts'
import type { Item } from '../../gateway/journal/journal.ts'
import { event, passageData } from '../support/messages.ts'
import { someMoment, somewhere } from '../support/records.ts'

const jpeg = readFileSync(new URL('../../models/samples/car.jpg', import.meta.url)).toString('base64')
const png = `iVBORw0KGgoAAAANSUhEUg${'A'.repeat(4000)}`
const time = new Date(someMoment).toISOString()

/** What goes to the journal, as text. */
const rested = (items: readonly Item[]) =>
  items
    .map(item => {
      const bytes = Buffer.alloc(maxRecordBytes)
      return 'record' in item ? bytes.toString('latin1', 0, encodeRecord(item.record, 1, bytes, 0)) : ''
    })
    .join()
const isThere = (text: string) => [jpeg.slice(0, 20), png.slice(0, 20)].some(part => text.includes(part))

function told(...events: object[]) {
  const sent: Command[] = []
  const feedback = new Feedback(
    command => sent.push(command),
    () => someMoment,
  )
  const admitted = admitEvents(Buffer.from(JSON.stringify(events)), somewhere, someMoment)
  answer(
    feedback,
    admitted,
    admitted.items.map(() => 'stored'),
  )
  return { sent, items: admitted.items }
}

describe('a picture in the JSON of an event', () => {
  const cases = [
    ['beside the data', { snapshot: jpeg }],
    ['in the data', { data: { ...passageData, image: jpeg } }],
    ['as a data URL', { shot: `data:image/jpeg;base64,${jpeg}` }],
    ['as PNG', { shot: png }],
    ['in Base64 for URLs', { shot: jpeg.replaceAll('/', '_').replaceAll('+', '-') }],
    ['in a list of another object', { attachments: [{ content: jpeg }] }],
    ['in the member that CloudEvents have for it', { data_base64: jpeg }],
  ] as const
  test.each(cases)('%s is dropped, the event stored, and the device told where to send it', (_, change) => {
    const { sent, items } = told(event('a', { time }), event('b', { time, ...change }))
    expect(sent).toContainEqual({
      type: 'notice',
      code: 'EVENT_PICTURE_EMBEDDED',
      reason: expect.stringContaining('lintel/v1/{device}/snapshot/{eventId}'),
      id: 'b',
    })
    expect(items).toMatchObject([{ id: 'a' }, { id: 'b' }])
    expect(isThere(rested(items))).toBe(false)
  })

  test.each([
    ['a short text', '/9j/4AAQ'],
    ['a long text that is none', 'x'.repeat(5000)],
    ['a long text that speaks of one', `see ${jpeg}`],
  ])('is not taken for one: %s', (_, text) => {
    expect(told(event('a', { time, note: text })).sent).toEqual([])
  })

  test('of an event that is refused rests as little', () => {
    const { items } = told({ id: 'a', type: 'passage', time, data: { image: jpeg }, image: jpeg })
    expect(items).toMatchObject([{ parked: { code: 'EVENT_INVALID' } }])
    expect(isThere(JSON.stringify(items))).toBe(false)
  })
})
