import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { dayMs, minuteMs, secondMs } from '../../core/clock.ts'
import { formatRfc3339 } from '../../core/rfc3339.ts'
import { createDeviceClient } from '../../devices/client/client.ts'
import { lintel } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { type LintelNode, startNode } from '../support/nodes.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const yearMs = 365 * dayMs
const many = 400
const someTime = 60_000
const preload = new URL('../support/moved-clock.mjs', import.meta.url)
const before = process.env.NODE_OPTIONS

beforeAll(() => {
  process.env.NODE_OPTIONS = `${before ?? ''} --import ${preload}`
})
afterAll(() => {
  if (before === undefined) delete process.env.NODE_OPTIONS
  else process.env.NODE_OPTIONS = before
  delete process.env.LINTEL_TEST_CLOCK_FILE
})

async function startWithClock() {
  const file = join(await temporaryDirectory(), 'off-by')
  const setOff = (ms: number) => writeFileSync(file, String(ms))
  setOff(0)
  process.env.LINTEL_TEST_CLOCK_FILE = file
  const node = await startNode('up', {
    tagger: { workers: 0 },
    retention: { passage: 1095, status: 1095 },
    alerts: { keepDays: 30 },
    audit: { keepDays: 30 },
  })
  const { device, token } = (await node.service.operations.addDevice({
    device: 'door-1', kind: 'terminal', site: 'nanshe', building: 'b12', point: 'd1',
  })) as { device: string; token: string } // biome-ignore format: one row
  const send = async (ids: readonly string[], at: (index: number) => number) => {
    const { host, port } = node.service.mqtt
    const times: unknown[] = []
    const client = createDeviceClient({
      url: `mqtt://${host}:${port}`,
      device,
      token,
      onCommand: command => {
        if (command.type === 'time') times.push(command.now)
      },
    })
    const data = { direction: 'in', result: 'granted', method: 'card' } as const
    await Promise.all(
      ids.map((id, i) => client.publish({ id, type: 'passage', time: formatRfc3339(at(i)), data })),
    )
    await client.drained()
    await client.close()
    return times
  }
  return { node, setOff, send }
}

const ids = (prefix: string, n = many) => Array.from({ length: n }, (_, i) => `${prefix}-${i}`)
const passages = async ({ service }: LintelNode) =>
  (await service.operations.retention()).rows.find(({ kind }) => kind === 'passage')!.rows
const clockOf = async ({ service }: LintelNode) => (await service.operations.status()).clock
const events = async ({ service }: LintelNode) => ({
  ...(await service.operations.showDevice('door-1')).events,
  queued: (await service.operations.ledger()).total.queued,
})

test('a service that starts ten years ahead, and then seven years behind, loses nothing and misplaces nothing', {
  timeout: 400_000,
}, async () => {
  const { node, setOff, send } = await startWithClock()
  const sentAt = Date.now()
  await send(ids('before'), i => sentAt - i * minuteMs)
  await eventually(async () => (await passages(node)) === many, someTime)
  await node.service.operations.setRules({ rules: { 'clock-doubt': { bad: 1 } } })
  const audited = (await node.service.operations.listAudit({ limit: 100 })).length

  await node.service.stop()
  setOff(10 * yearMs)
  await node.restart()
  expect(await clockOf(node)).toMatchObject({ state: 'in-doubt', why: 'ahead' })
  // The pass of retention that once deleted everything comes with the start; what is sent now comes behind it.
  expect(await send(ids('ahead'), () => Date.now())).toEqual([])
  await eventually(async () => (await passages(node)) === 2 * many, someTime)
  expect(await node.service.operations.listDeletions({ limit: 9 })).toEqual([])
  expect((await node.service.operations.listAudit({ limit: 100 })).length).toBeGreaterThanOrEqual(audited)
  const told = await eventually(async () => {
    const { alerts } = await node.service.operations.listAlerts({ limit: 9 })
    const doubted = alerts.filter(({ rule }) => rule === 'clock-doubt')
    return doubted.length > 0 && doubted
  }, 120_000)
  expect(told).toMatchObject([{ rule: 'clock-doubt', severity: 'critical' }])
  const doctor = await lintel('doctor', '--data', node.data, '--json')
  expect(doctor).toMatchObject({ code: 1, stdout: expect.stringContaining('the clock is in doubt') })

  await node.kill()
  setOff(-7 * yearMs)
  await node.restart()
  expect(await clockOf(node)).toMatchObject({ state: 'in-doubt', why: 'behind' })
  const behindAt = Date.now()
  expect(await send(ids('behind'), () => behindAt)).toEqual([])
  await eventually(async () => (await passages(node)) === 3 * many, someTime)

  setOff(0)
  await eventually(async () => (await clockOf(node)).state === 'sure', someTime)
  const { operations } = node.service
  const hour = { from: formatRfc3339(behindAt - 30 * minuteMs), to: formatRfc3339(behindAt + 30 * minuteMs) }
  const { total } = await operations.flow({ measure: 'passages', every: '1h', by: [], zone: 'UTC', ...hour })
  // All of the time that they gave, but for those that were sent as of longer ago.
  expect(total).toBeGreaterThanOrEqual(2 * many)
  expect(await events(node)).toMatchObject({ skewed: 0, queued: 0 })
  expect((await operations.ledger()).balanced).toBe(true)
  expect(await passages(node)).toBe(3 * many)
})

test('a clock that is a year ahead for a while forgets no id, ends no session and deletes nothing', {
  timeout: 300_000,
}, async () => {
  const { node, setOff, send } = await startWithClock()
  const sentAt = Date.now()
  await send(ids('once'), () => sentAt)
  const { token } = (await node.service.operations.createToken({ name: 't', role: 'auditor', days: 30 })) as { token: string } // biome-ignore format: one line
  setOff(yearMs)
  await eventually(async () => (await clockOf(node)).state === 'in-doubt', someTime)
  await send(ids('meanwhile', 5), () => Date.now())
  setOff(0)
  await eventually(async () => (await clockOf(node)).state === 'sure', someTime)
  await send(ids('once'), () => sentAt)
  await eventually(async () => (await events(node)).queued === 0, someTime)
  expect(await events(node)).toMatchObject({ duplicate: many, skewed: 0 })
  expect(await passages(node)).toBe(many + 5)
  expect(token).not.toBe('')
  expect((await node.service.operations.listTokens()).map(({ name }) => name)).toEqual(['t'])
})

test('a person says what time it is, on record, and is not believed where the clock says something else', {
  timeout: 300_000,
}, async () => {
  const { node, setOff } = await startWithClock()
  await node.service.stop()
  const off = 40 * dayMs
  setOff(off)
  await node.restart()
  const data = ['--data', node.data, '--json']
  expect(await lintel('clock', ...data)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('in-doubt'),
  })
  const wrong = await lintel('clock', 'trust', '--now', formatRfc3339(Date.now() - off), ...data)
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('CLOCK_DIFFERS') })
  const said = formatRfc3339(Date.now() + off + 10 * secondMs)
  expect(await lintel('clock', 'trust', '--now', said, ...data)).toMatchObject({ code: 0 })
  await eventually(async () => (await clockOf(node)).state === 'sure', someTime)
  expect((await node.service.operations.listAudit({ limit: 9 })).map(({ action }) => action)).toContain(
    'clock.trust',
  )
  await node.service.stop()
  await node.restart()
  expect(await lintel('clock', ...data)).toMatchObject({ code: 0 })
  onTestFinished(() => setOff(0))
})
