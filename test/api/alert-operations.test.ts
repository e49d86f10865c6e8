import { describe, expect, test } from 'vitest'
import { createAlertOperations } from '../../api/operations/alert-operations.ts'
import { operator, type Viewer } from '../../api/viewer.ts'
import { hourMs, minuteMs } from '../../core/clock.ts'
import type { ErrorCode } from '../../core/errors.ts'
import { createRegistry } from '../../devices/registry/registry.ts'
import type { Picture } from '../../gateway/snapshots/snapshots.ts'
import { besideAlerts, clearedAt, openAlerts, raisedAt } from '../support/alerts.ts'

const now = Date.UTC(2026, 10, 24, 3)
const duty: Viewer = { as: 'account', name: '早班', role: 'duty', sites: ['南社'] }
const elsewhere: Viewer = { ...duty, name: 'night', sites: ['北社'] }
const admin: Viewer = { as: 'token', name: 'chief', role: 'admin' }

/** One alert at 南社, one at 北社, and one of the service itself. */
async function town(pictures: readonly Picture[] = []) {
  const { state, alerts, record } = openAlerts()
  const registry = createRegistry(state)
  const row = { kind: 'terminal', building: 'b', point: 'p', zone: 'UTC' }
  await registry.enrol(
    [
      { ...row, device: 'd1', site: '南社' },
      { ...row, device: 'd2', site: '北社' },
    ],
    now,
  )
  await record(now - hourMs, raisedAt(now - hourMs))
  await record(now - minuteMs, raisedAt(now, { place: { site: '北社', building: 'b', point: 'p' } }))
  await record(now - 1, raisedAt(now, { rule: 'disk-low', severity: 'critical', place: {} }))
  const beside = besideAlerts({ state, registry, clock: () => now }, pictures)
  const as = (viewer: Viewer) => createAlertOperations({ alerts, ...beside }, viewer)
  const [service, north, south] = (await as(operator).listAlerts({ limit: 10 })).alerts
  return { alerts, record, beside, as, service: service!, north: north!, south: south! }
}

const codeOf = (code: ErrorCode) => ({ code })

describe('a duty room', () => {
  test('sees the alerts of its own sites, and none of the service itself', async () => {
    const { as, south, north } = await town()
    const seen = async (viewer: Viewer, sites?: string[]) =>
      (await as(viewer).listAlerts({ limit: 10, ...(sites && { sites }) })).alerts.map(({ id }) => id)
    expect(await seen(duty)).toEqual([south.id])
    expect(await seen(elsewhere)).toEqual([north.id])
    expect(await seen(admin)).toHaveLength(3)
    expect(await seen(duty, ['南社'])).toEqual([south.id])
    for (const sites of [['北社'], ['南社', '北社']])
      await expect(seen(duty, sites)).rejects.toMatchObject(codeOf('API_FORBIDDEN'))
  })

  test('does not find those of others, whatever it wants to do with them', async () => {
    const { as, north, service } = await town()
    for (const { id } of [north, service]) {
      await expect(as(duty).showAlert(id)).rejects.toMatchObject(codeOf('ALERT_NOT_FOUND'))
      for (const act of [{ do: 'acknowledge' }, { do: 'comment', note: 'x' }] as const)
        await expect(as(duty).actOnAlert(id, act)).rejects.toMatchObject(codeOf('ALERT_NOT_FOUND'))
    }
    expect((await as(operator).showAlert(north.id)).history).toHaveLength(1)
  })

  test('has a report of its own sites', async () => {
    const { as } = await town()
    expect(await as(duty).alertReport({})).toMatchObject({
      raised: 1,
      bySeverity: { warning: 1, critical: 0 },
    })
    expect(await as(admin).alertReport({})).toMatchObject({ raised: 3, from: now - 12 * hourMs, to: now })
    expect(await as(admin).alertReport({ sites: ['北社'], to: now + 1 })).toMatchObject({ raised: 1 })
  })
})

describe('who acts', () => {
  test('is told when somebody has an alert already, and what they note is kept', async () => {
    const { as, south } = await town()
    await as(duty).actOnAlert(south.id, { do: 'acknowledge' })
    expect(await as(duty).actOnAlert(south.id, { do: 'acknowledge' })).not.toHaveProperty('takenBefore')
    const second = await as(admin).actOnAlert(south.id, { do: 'acknowledge', note: 'I pass by there' })
    expect(second).toMatchObject({ takenBefore: true, status: 'acknowledged', acknowledgedBy: '早班' })
    const { history } = await as(duty).showAlert(south.id)
    expect(history.at(-1)).toMatchObject({ what: 'commented', note: 'I pass by there' })
  })

  test('is in the history, with what they did, in order', async () => {
    const { as, south } = await town()
    const room = as(duty)
    await room.actOnAlert(south.id, { do: 'acknowledge', note: '去看' })
    await room.actOnAlert(south.id.slice(0, 6), { do: 'assign', to: '李' })
    const after = await room.actOnAlert(south.id, { do: 'resolve', outcome: 'false-alarm' })
    expect(after).toMatchObject({
      status: 'resolved',
      outcome: 'false-alarm',
      acknowledgedBy: '早班',
      assignee: '李',
    })
    const { history } = await room.showAlert(south.id)
    expect(history.map(({ what, by }) => [what, by])).toEqual([
      ['raised', undefined],
      ['acknowledged', '早班'],
      ['assigned', '早班'],
      ['resolved', '早班'],
    ])
    await expect(room.actOnAlert(south.id, { do: 'acknowledge' })).rejects.toMatchObject(
      codeOf('ALERT_CLOSED'),
    )
  })

  test('who gives an alert to somebody without an account is told so, where there are accounts', async () => {
    const { as, south, beside } = await town()
    const room = as(duty)
    expect(await room.actOnAlert(south.id, { do: 'assign', to: '李' })).not.toHaveProperty('assigneeUnknown')
    await beside.access.accounts.add({ name: 'li', role: 'duty', sites: ['南社'] }, now)
    expect(await room.actOnAlert(south.id, { do: 'assign', to: 'ghost' })).toMatchObject({
      assignee: 'ghost',
      assigneeUnknown: true,
    })
    expect(await room.actOnAlert(south.id, { do: 'assign', to: 'li' })).not.toHaveProperty('assigneeUnknown')
  })

  test('reads what happened also once it is over, with the ending in the history, and what to do beside it', async () => {
    const { as, record, south } = await town()
    const before = await as(duty).showAlert(south.id)
    expect(before.says.en).toBe('南社 b01 d01: the door has been open for 1 min 30 s.')
    expect(before.advice.zh).toBe('请查看原因并关门。')
    expect(before).not.toHaveProperty('ended')
    await record(now, clearedAt(now - hourMs, now, { parts: { openS: 90, times: 1 } }))
    const { says, ended, history } = await as(duty).showAlert(south.id)
    expect(says).toEqual(before.says)
    expect(ended).toEqual({ en: 'The door that was held open is closed.', zh: '未关的门已关闭。' })
    expect(history.map(change => change.says)).toEqual([before.says, ended])
    const [listed] = (await as(duty).listAlerts({ limit: 1 })).alerts
    expect(listed).toMatchObject({ status: 'cleared', says, ended })
    expect((await as(duty).alertReport({ to: now + 1 })).ended).toMatchObject([
      { id: south.id, standing: 'cleared', says },
    ])
  })

  test('of what came again, each time has its own sentence in the history', async () => {
    const { as, record, south } = await town()
    await record(now, clearedAt(now - hourMs, now))
    await record(now + 1, raisedAt(now + 1, { parts: { openS: 600 } }))
    const { says, history } = await as(duty).showAlert(south.id)
    expect(says.en).toContain('10 min')
    expect(history.map(change => change.says?.en ?? '')).toEqual([
      expect.stringContaining('1 min 30 s'),
      expect.stringContaining('closed'),
      expect.stringContaining('10 min'),
    ])
  })

  test('of one whose device moved or was removed, no door is said to be closed', async () => {
    const { as, record, south } = await town()
    await record(now, clearedAt(now - hourMs, now, { ending: 'moved' }))
    const { ended } = await as(duty).showAlert(south.id)
    expect(ended?.en).toBe('Its device stands elsewhere now, so nothing more is heard of it here.')
  })

  test('reads the sentence in both languages, of what goes on and of how it ended', async () => {
    const { as, south } = await town()
    const { says } = await as(duty).showAlert(south.id)
    expect(says.en).toContain('南社 b01 d01')
    expect(says.zh).toContain('南社 b01 d01')
    expect(says.zh).not.toBe(says.en)
  })
})

describe('a snooze', () => {
  const until = now + hourMs
  const refused = [
    { title: 'of no site, by a duty room', viewer: duty, place: {} },
    { title: 'of a site of others', viewer: duty, place: { site: '北社' } },
    { title: 'of a device of others', viewer: duty, place: { device: 'd2' } },
    { title: 'of a device that nobody knows, by a duty room', viewer: duty, place: { device: 'd9' } },
    { title: 'of a point without a building', viewer: operator, place: { site: '南社', point: 'p' } },
    { title: 'of a building without a site', viewer: operator, place: { building: 'b' } },
    { title: 'of a member that is misspelt', viewer: operator, place: { sites: '南社' } as object },
  ]
  for (const { title, viewer, place } of refused)
    test(`${title}, is refused`, async () => {
      const { as } = await town()
      const wanted = { why: 'snooze', place, until } as const
      await expect(as(viewer).addSnooze(wanted)).rejects.toMatchObject(codeOf('SNOOZE_INVALID'))
      expect(await as(operator).listSnoozes()).toEqual([])
    })

  test('of a rule that there is not, is refused', async () => {
    const { as } = await town()
    const wanted = { why: 'snooze', rule: 'door-hold', place: {}, until } as const
    await expect(as(operator).addSnooze(wanted)).rejects.toMatchObject(codeOf('SNOOZE_INVALID'))
  })

  test('of a device is of where it stands, begins now, and is shown to those whose site it is', async () => {
    const { as } = await town()
    const made = await as(duty).addSnooze({ why: 'snooze', place: { device: 'd1' }, until })
    expect(made).toMatchObject({
      place: { site: '南社', device: 'd1' },
      from: now,
      until,
      by: '早班',
      at: now,
    })
    expect(await as(duty).listSnoozes()).toEqual([made])
    expect(await as(elsewhere).listSnoozes()).toEqual([])
    await expect(as(elsewhere).removeSnooze(made.id)).rejects.toMatchObject(codeOf('SNOOZE_NOT_FOUND'))
    await as(duty).removeSnooze(made.id)
    await expect(as(duty).removeSnooze(made.id)).rejects.toMatchObject(codeOf('SNOOZE_NOT_FOUND'))
  })

  test('of everything is shown to a duty room, which cannot end it', async () => {
    const { as } = await town()
    const made = await as(operator).addSnooze({ why: 'maintenance', rule: 'tamper', place: {}, until })
    expect(await as(duty).listSnoozes()).toEqual([made])
    await expect(as(duty).removeSnooze(made.id)).rejects.toMatchObject(codeOf('API_FORBIDDEN'))
  })
})

describe('the operations on alerts', () => {
  test('answer STORE_UNAVAILABLE on a gateway alone', async () => {
    const { state } = openAlerts()
    const beside = besideAlerts({ state, registry: createRegistry(state), clock: () => now })
    const alone = createAlertOperations({ alerts: undefined, ...beside }, operator)
    const calls = [
      () => alone.listAlerts({ limit: 1 }),
      () => alone.showAlert('x'),
      () => alone.actOnAlert('x', { do: 'acknowledge' }),
      () => alone.alertReport({}),
      () => alone.listSnoozes(),
      () => alone.addSnooze({ why: 'snooze', place: {}, until: now + 1 }),
      () => alone.removeSnooze('x'),
    ]
    for (const call of calls) await expect(call()).rejects.toMatchObject(codeOf('STORE_UNAVAILABLE'))
  })

  for (const { title, range } of [
    { title: 'ends before it begins', range: { from: now, to: now } },
    { title: 'is of more than a year', range: { from: now - 367 * 24 * hourMs, to: now } },
  ])
    test(`refuse a report that ${title}`, async () => {
      const { as } = await town()
      await expect(as(operator).alertReport(range)).rejects.toMatchObject(codeOf('API_REQUEST_INVALID'))
    })
})

describe('the pictures of an alert', () => {
  const at = now - hourMs
  const taken = (event: string, when: number, change: Partial<Picture> = {}): Picture => ({
    device: 'd1',
    event,
    at: when,
    place: { id: 1, device: 'd1', site: '南社', building: 'b01', point: 'd01', zone: 'UTC' },
    urgent: false,
    position: when,
    restedAt: when,
    bytes: 4,
    ...change,
  })
  const pictures = [
    taken('later', at + 50_000),
    taken('near', at + 1000),
    taken('hours ago', at - hourMs),
    taken('elsewhere', at, { place: { id: 2, device: 'd1', site: '南社', building: 'b02', point: 'd01', zone: 'UTC' } }),
  ] // biome-ignore format: pictures
  const withDoor = async () => {
    const found = await town(pictures)
    const door = { device: 'd1', kind: 'terminal', site: '南社', building: 'b01', point: 'd01', zone: 'UTC' }
    await found.beside.registry.enrol([door], now)
    return found
  }

  test('are those of its place when it happened, the nearest first, also once it is closed', async () => {
    const { as, record, south } = await withDoor()
    const events = async () => (await as(duty).showAlert(south.id)).pictures.map(({ event }) => event)
    expect(await events()).toEqual(['near', 'later'])
    await record(now, clearedAt(at, now))
    expect(await events()).toEqual(['near', 'later'])
  })

  test('say whether they are held, and the device beside them', async () => {
    const { as, south, beside } = await withDoor()
    await beside.holds.hold({ device: 'd1', event: 'near' }, { at: now, until: now + hourMs, reason: 'x' })
    const shown = await as(duty).showAlert(south.id)
    expect(shown.pictures.map(({ held }) => held)).toEqual([true, false])
    expect(shown.devices).toEqual(['d1'])
  })

  test('begin with that of the event that raised it', async () => {
    const { as, record } = await withDoor()
    const source = { device: 'd1', event: 'later' }
    await record(now, raisedAt(at, { rule: 'tailgating', parts: { people: 2, granted: 1 }, source }))
    const [newest] = (await as(duty).listAlerts({ limit: 10, rule: ['tailgating'] })).alerts
    const shown = await as(duty).showAlert(newest!.id)
    expect(shown.pictures.map(({ event }) => event)).toEqual(['later', 'near'])
    expect(shown).toMatchObject({ source, devices: ['d1'] })
  })

  test('are not for a role that may see none', async () => {
    const { as, south } = await withDoor()
    const { pictures: found } = await as({ ...admin, role: 'auditor' }).showAlert(south.id)
    expect(found).toEqual([])
  })
})
