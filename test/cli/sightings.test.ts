import { expect, test } from 'vitest'
import { describeSighting } from '../../cli/commands/sightings.ts'
import { createOutput } from '../../cli/output.ts'

test('what was seen is told in lines, each box in one of its own', () => {
  const box = { kind: 'person' as const, score: 0.9, left: 1, top: 2, right: 3, bottom: 4 }
  const lines = describeSighting({
    outcome: 'seen',
    model: 'm',
    person: 2,
    boxes: [box, box],
    inferenceMs: 5,
  })
  let printed = ''
  createOutput(false, 'Asia/Shanghai', text => {
    printed += text
  }).say(lines)
  expect(printed.trimEnd().split('\n')).toEqual([
    'seen by m in 5 ms: 2 person',
    expect.stringMatching(/^kind +score +colour +left +top +right +bottom$/),
    expect.stringMatching(/^person .* 4$/),
    expect.stringMatching(/^person .* 4$/),
  ])
})
