import { describe, expect, test } from 'vitest'
import { createAccess } from '../../api/access/access.ts'
import { createBackfillFiles } from '../../api/operations/backfill-files.ts'
import { createOperations } from '../../api/operations/local-operations.ts'
import { operator, type Viewer } from '../../api/viewer.ts'
import { parseConfig } from '../../config/config.ts'
import { LintelError } from '../../core/errors.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import { standsAt } from '../../devices/registry/device.ts'
import { createDeviceRegions } from '../../devices/registry/device-regions.ts'
import { createRegistry } from '../../devices/registry/registry.ts'
import type { GatewayControl } from '../../gateway/control/gateway-control.ts'
import { createMemoryJournal } from '../../gateway/journal/memory-journal.ts'
import { createHolds } from '../../gateway/snapshots/holds.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import type { Store } from '../../ingest/store/store.ts'
import { createSnapshotFake } from '../support/pictures.ts'
import { item, parkedItem, someMoment } from '../support/records.ts'

const row = { device: 'd1', kind: 'terminal', site: 's', building: 'b', point: 'p' }
const refusal = (at: number, reason: string) => ({ at, device: 'd1', code: 'EVENT_INVALID', reason }) as never

function setUp(change: { control?: Partial<GatewayControl>; store?: Store | undefined } = {}) {
  const asked: unknown[] = []
  const control: GatewayControl = {
    state: async () => ({
      listening: { tcp: { host: '127.0.0.1', port: 1 } },
      connected: 3,
      lag: { intake: 2 },
    }),
    sessions: async () => [{ device: 'd1', connectedAt: 7, address: undefined }],
    refusals: async () => [refusal(2, 'newest'), refusal(1, 'older')],
    knocks: async () => ({ knocks: [], dropped: 0 }),
    async replay(key) {
      asked.push(['replay', key])
      return 'stored'
    },
    async drop(key) {
      asked.push(['drop', key])
    },
    publishAlert: async () => {},
    backfill: async () => [],
    async trustClock() {
      asked.push(['trustClock'])
      return { state: 'sure', at: 5, systemAt: 5 }
    },
    metrics: async () => '',
    ...change.control,
  }
  const journal = createMemoryJournal(() => someMoment)
  const state = createMemoryState()
  const registry = createRegistry(state)
  const snapshots = createSnapshotFake()
  const store = 'store' in change ? change.store : createMemoryStore()
  const access = createAccess(state, () => 5, parseConfig({}))
  const operationsFor = createOperations({
    registry,
    journal,
    store,
    snapshots,
    holds: createHolds(state),
    regions: createDeviceRegions(state),
    cameraHints: { turnOf: device => (device === 'turned-1' ? 270 : undefined) },
    control,
    clock: () => 5,
    defaultZone: 'Europe/Berlin',
    minCount: 10,
    backfillFiles: createBackfillFiles(state),
    access,
  })
  const operations = operationsFor(operator)
  return { operations, operationsFor, access, journal, registry, snapshots, asked }
}

describe('the operations', () => {
  test('take the word of a person on the time only where the clock says the same, and on record', async () => {
    const { operations, asked, access } = setUp()
    const { clock, heldDeletions } = await operations.status()
    expect([clock.state, heldDeletions]).toEqual(['sure', []])
    const wrong = operations.trustClock({ at: clock.systemAt + 121_000 })
    await expect(wrong).rejects.toMatchObject({ code: 'CLOCK_DIFFERS' })
    expect(asked).toEqual([])
    await operations.trustClock({ at: clock.systemAt + 119_000 })
    expect(asked).toEqual([['trustClock']])
    expect(access.audit.latest(1)).toMatchObject([{ who: 'operator', action: 'clock.trust' }])
  })

  test('add a device in the zone of the configuration, unless it has its own', async () => {
    const { operations, registry } = setUp()
    expect(await operations.addDevice(row)).toMatchObject({ outcome: 'enrolled', token: expect.any(String) })
    expect(registry.get('d1')).toMatchObject({ zone: 'Europe/Berlin', enrolledAt: 5 })
    expect(await operations.addDevice({ ...row, zone: 'UTC' })).toEqual({ outcome: 'moved', device: 'd1' })
  })

  for (const wrong of [null, undefined, 'd1', [], {}, { ...row, kind: 'x' }]) {
    test(`refuse to add ${JSON.stringify(wrong)}`, async () => {
      await expect(setUp().operations.addDevice(wrong)).rejects.toMatchObject({ code: 'DEVICE_INVALID' })
    })
  }

  test('show a device with what it has sent, since when it is connected and its latest refusal, and never its token', async () => {
    const { operations, journal, registry } = setUp()
    await operations.addDevice(row)
    journal.note('d1', 'event', { received: 2 })
    await journal.append('d1', [item('a'), item('a')])
    const view = await operations.showDevice('d1')
    expect(view).toMatchObject({
      device: 'd1',
      enabled: true,
      connectedAt: 7,
      events: { received: 2, stored: 1, duplicate: 1, lastReceivedAt: someMoment },
      snapshots: { received: 0 },
      lastRefusal: { reason: 'newest' },
    })
    expect(JSON.stringify(view)).not.toContain(registry.get('d1')!.tokenHash)
    expect(await operations.listDevices()).toEqual([view])
  })

  test('take a device away that is not connected: what it sent stays, and its door is listed no more', async () => {
    const { operations, journal, registry } = setUp({ control: { sessions: async () => [] } })
    await operations.addDevice(row)
    journal.note('d1', 'event', { received: 1 })
    await journal.append('d1', [item('a')])
    await operations.setRegions('d1', { mask: [] })
    expect(await operations.removeDevice('d1')).toEqual({ device: 'd1', outcome: 'removed', events: 1, snapshots: 0 }) // biome-ignore format: one thing
    expect(await operations.listPoints()).toEqual([])
    expect(registry.places()).toHaveLength(1)
    await expect(operations.showDevice('d1')).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' })
    const { devices } = await operations.ledger()
    expect(devices).toMatchObject([{ device: 'd1', received: 1 }])
    await operations.addDevice(row)
    expect(await operations.regions('d1')).toBeUndefined()
  })

  test('forget a slip that has never sent anything', async () => {
    const { operations, registry, access } = setUp({ control: { sessions: async () => [] } })
    await operations.addDevice(row)
    expect(await operations.removeDevice('d1')).toMatchObject({ outcome: 'forgotten' })
    expect([registry.places(), registry.remembered('d1')]).toEqual([[], undefined])
    expect(access.audit.latest(1)).toMatchObject([
      { action: 'device.remove', target: 'd1 forgotten, 0 events' },
    ])
  })

  test('take a device away that is connected only by force, and remember it', async () => {
    const { operations, registry } = setUp()
    await operations.addDevice(row)
    await expect(operations.removeDevice('d1')).rejects.toMatchObject({ code: 'DEVICE_CONNECTED' })
    expect(registry.get('d1')).toBeDefined()
    expect(await operations.removeDevice('d1', { force: true })).toMatchObject({ outcome: 'removed' })
    expect(registry.remembered('d1')).toMatchObject({ enabled: false })
  })

  test('show devices also while the gateway is down, without what only it knows', async () => {
    const down = async () => Promise.reject(new LintelError('API_UNAVAILABLE', 'down'))
    const { operations } = setUp({ control: { sessions: down, refusals: down } })
    await operations.addDevice(row)
    const [view] = await operations.listDevices()
    expect(view).not.toHaveProperty('connectedAt')
    expect(view).not.toHaveProperty('lastRefusal')
  })

  test('know nothing of a device or a parked item that is not there, and do not ask the gateway for it', async () => {
    const { operations, asked } = setUp()
    await expect(operations.showDevice('x')).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' })
    await expect(operations.rotateToken('x')).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' })
    await expect(operations.setEnabled('x', true)).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' })
    for (const act of [operations.showParked, operations.replayParked, operations.dropParked]) {
      await expect(act(9)).rejects.toMatchObject({ code: 'PARKED_NOT_FOUND' })
    }
    expect(asked).toEqual([])
  })

  test('show what is parked, newest first, and have the gateway replay or drop it', async () => {
    const { operations, journal, asked } = setUp()
    await journal.append('d1', [parkedItem({ reason: 'first' }), parkedItem({ reason: 'second' })])
    expect((await operations.listParked(10)).map(({ reason }) => reason)).toEqual(['second', 'first'])
    expect(await operations.listParked(1)).toHaveLength(1)
    expect(await operations.showParked(1)).toMatchObject({ key: 1, reason: 'first' })
    expect(await operations.replayParked(1)).toBe('stored')
    await operations.dropParked(2)
    expect(asked).toEqual([
      ['replay', 1],
      ['drop', 2],
    ])
  })

  test('answer flow and ledger from the store, and send whoever asks a gateway alone to the centre', async () => {
    const question = {
      measure: 'passages',
      from: '2026-11-21',
      to: '2026-11-22',
      every: '1h',
      by: [],
      zone: 'UTC',
    }
    const { operations } = setUp()
    expect(await operations.flow(question)).toMatchObject({ total: 0 })
    expect(await operations.ledger()).toMatchObject({ balanced: true })
    const alone = setUp({ store: undefined }).operations
    await expect(alone.flow(question)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(await alone.ledger()).toMatchObject({ balanced: true })
  })
})

describe('the operations on pictures', () => {
  const key = { device: 'd1', event: 'e1' }
  const missing = { device: 'd1', event: 'e2' }

  async function withPicture() {
    const set = setUp()
    await set.operations.addDevice(row)
    const place = standsAt(set.registry.get('d1')!)
    set.snapshots.add(
      { ...key, at: 3, place, urgent: true, position: 1, restedAt: 4, bytes: 2 },
      Buffer.from('jp'),
    )
    return set.operations
  }

  test('show where a picture was taken, and give its bytes', async () => {
    const operations = await withPicture()
    const view = {
      ...key,
      at: 3,
      urgent: true,
      position: 1,
      restedAt: 4,
      bytes: 2,
      site: 's',
      building: 'b',
      point: 'p',
    }
    expect(await operations.showSnapshot(key)).toEqual(view)
    expect(await operations.listSnapshots({ limit: 5 })).toEqual([view])
    expect((await operations.readSnapshot(key)).toString()).toBe('jp')
  })

  test('hold a picture and release it, and say who wants it', async () => {
    const operations = await withPicture()
    await operations.holdSnapshot(key, { until: 99, reason: 'alert 7' })
    expect((await operations.showSnapshot(key)).hold).toEqual({ at: 5, until: 99, reason: 'alert 7' })
    await operations.releaseSnapshot(key)
    expect((await operations.showSnapshot(key)).hold).toBeUndefined()
  })

  test('say by code that there is no such picture, or device', async () => {
    const operations = await withPicture()
    for (const asked of [
      operations.showSnapshot(missing),
      operations.readSnapshot(missing),
      (async () => operations.holdSnapshot(missing, { until: 9, reason: 'x' }))(),
    ])
      await expect(asked).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' })
    await expect(operations.regions('nobody')).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' })
    await expect(operations.setRegions('nobody', {})).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' })
  })

  test('tell the turn of a camera, and the one that it seems to want', async () => {
    const operations = await withPicture()
    await operations.addDevice({ ...row, device: 'turned-1' })
    expect(await operations.showDevice('turned-1')).toMatchObject({ wantedTurn: 270 })
    await operations.setRegions('turned-1', { turned: 270 })
    const shown = await operations.showDevice('turned-1')
    expect([shown.turned, shown.wantedTurn]).toEqual([270, undefined])
  })

  test('keep the regions of a device, refuse wrong ones in words, and clear them', async () => {
    const operations = await withPicture()
    const regions = { mask: [[[0, 0], [0.5, 0], [0, 0.5]]] } // biome-ignore format: a triangle
    await operations.setRegions('d1', regions)
    expect(await operations.regions('d1')).toEqual(regions)
    await expect(operations.setRegions('d1', { zone: [[2, 0]] })).rejects.toMatchObject({
      code: 'DEVICE_INVALID',
      message: expect.stringMatching(/zone/),
    })
    await operations.setRegions('d1', undefined)
    expect(await operations.regions('d1')).toBeUndefined()
  })
})

describe('the operations of a duty room', () => {
  const duty: Viewer = { as: 'account', name: 'wang', role: 'duty', sites: ['s'] }
  const question = {
    measure: 'passages',
    from: '2026-11-21',
    to: '2026-11-22',
    every: '1d',
    by: [],
    zone: 'UTC',
  }

  /** A device at its site and one at another, and pictures of both, those of the other site the newest. */
  async function town() {
    const set = setUp()
    const { operations, registry, snapshots } = set
    await operations.addDevice(row)
    await operations.addDevice({ ...row, device: 'd2', site: 'other' })
    for (const [device, n] of [['d1', 3], ['d2', 2500]] as const) {
      const place = standsAt(registry.get(device)!)
      for (let i = 0; i < n; i++)
        snapshots.add({ device, event: `e${i}`, at: device === 'd1' ? i : 100 + i, place, urgent: false, position: i, restedAt: 4, bytes: 2 }, Buffer.from('jp'))
    } // biome-ignore format: pictures
    return { ...set, theirs: set.operationsFor(duty) }
  }

  test('show its devices, points and pictures, and no others', async () => {
    const { theirs, operations } = await town()
    expect((await theirs.listDevices()).map(({ device }) => device)).toEqual(['d1'])
    expect((await theirs.listPoints()).map(({ site }) => site)).toEqual(['s'])
    expect((await operations.listPoints()).map(({ site }) => site)).toEqual(['other', 's'])
    expect((await theirs.listSnapshots({ limit: 2 })).map(({ event }) => event)).toEqual(['e2', 'e1'])
    expect(await theirs.listSnapshots({ device: 'd2', limit: 2 })).toEqual([])
    expect((await theirs.readSnapshot({ device: 'd1', event: 'e1' })).toString()).toBe('jp')
  })

  test('do not know of what is at other sites, rather than forbid it', async () => {
    const { theirs } = await town()
    const key = { device: 'd2', event: 'e1' }
    await expect(theirs.showDevice('d2')).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' })
    await expect(theirs.regions('d2')).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' })
    for (const act of [theirs.showSnapshot, theirs.readSnapshot, theirs.releaseSnapshot])
      await expect((async () => act(key))()).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' })
    const hold = async () => theirs.holdSnapshot(key, { until: 9, reason: 'x' })
    await expect(hold()).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' })
  })

  test('keep a picture where it was taken, when its device has moved to another site', async () => {
    const { theirs, operations } = await town()
    await operations.addDevice({ ...row, site: 'other' })
    expect(await theirs.listDevices()).toEqual([])
    expect(await theirs.listSnapshots({ limit: 9 })).toHaveLength(3)
  })

  test('count its own sites alone, exactly', async () => {
    const { theirs } = await town()
    expect(await theirs.flow(question)).not.toHaveProperty('suppression')
    await expect(theirs.flow({ ...question, where: { site: ['other'] } })).rejects.toMatchObject({
      code: 'API_FORBIDDEN',
    })
  })

  for (const role of ['analyst', 'auditor'] as const) {
    test(`hide small numbers from the ${role}`, async () => {
      const theirs = (await town()).operationsFor({ as: 'token', name: 't', role })
      const answer = await theirs.flow({
        ...question,
        from: '2025-11-21',
        to: '2025-11-22',
        zone: 'Europe/Berlin',
      })
      expect(answer.suppression).toMatchObject({ minCount: 10 })
    })
  }

  test('go on record by the name of who asked', async () => {
    const { theirs, access } = await town()
    await theirs.readSnapshot({ device: 'd1', event: 'e1' })
    expect(access.audit.latest(1)).toMatchObject([
      { as: 'account', who: 'wang', action: 'snapshot.view', target: 'd1/e1' },
    ])
  })
})
