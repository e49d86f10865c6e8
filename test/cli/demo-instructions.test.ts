import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { instructions } from '../../cli/demo/instructions.ts'
import { createScenes } from '../../cli/demo/scenes.ts'
import { planDemoIncidents, planDemoTown } from '../../cli/demo/town.ts'
import { minuteMs, secondMs } from '../../core/clock.ts'
import { timedEventsOf } from '../../devices/town/events.ts'

const town = planDemoTown('Asia/Shanghai')
const now = Date.parse('2026-11-24T02:10:00+08:00')
const incidents = planDemoIncidents(town, now)
const scenes = createScenes(town.seed, incidents, town.mood)
const show = `snapshot show ${town.seen.device} --data`

describe('the picture that the demo shows first', () => {
  test('is of one camera, in what is printed and in both READMEs', () => {
    const printed = instructions(
      { ...town.yours, token: 't' },
      { host: 'h', port: 1 },
      './d',
      town.seen.device,
    )
    expect(printed).toContain(show)
    for (const name of ['README.md', 'README.zh-CN.md'])
      expect(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')).toContain(show)
  })

  test('is there within seconds, and the camera that turns dark is another', () => {
    const staged = incidents.events.filter(({ device }) => device === town.seen.device)
    expect(staged[0]!.at).toBeLessThanOrEqual(now + 5 * secondMs)
    expect(staged.every(({ scene }) => scene === 'crowd')).toBe(true)
    expect(incidents.blind.map(({ device }) => device)).not.toContain(town.seen.device)
  })
})

test('where crowds pass there is no camera', async () => {
  const market = town.devices.find(({ building }) => building === 'market')!
  const story = [...timedEventsOf(market, now, now + 60 * minuteMs, town.seed, town.mood)]
  const { event } = story.find(({ event }) => event.type === 'passage')!
  expect(await scenes(event, market)).toBeUndefined()
})
