import { describe, expect, test } from 'vitest'
import { createMemoryState } from '../../core/state/memory-state.ts'
import { importDevices } from '../../devices/registry/csv.ts'
import { speaksFor } from '../../devices/registry/device.ts'
import { createRegistry } from '../../devices/registry/registry.ts'

const row = (device: string, change: object = {}) => ({
  device, kind: 'terminal', site: 'nanshe', building: 'b', point: 'p', zone: 'UTC', ...change,
}) // biome-ignore format: one row
const account = (change: object = {}) => row('edge-1', { kind: 'gateway', ...change })

async function withAccount(change: object = {}) {
  const registry = createRegistry(createMemoryState())
  const [answer] = await registry.enrol([account(change)], 5)
  expect(answer).toMatchObject({ outcome: 'enrolled', token: expect.any(String) })
  return registry
}

describe('the account of a gateway', () => {
  test('speaks for its own site and those that it was given, and a device for none', async () => {
    const registry = await withAccount({ sites: ['boma'] })
    const edge = registry.get('edge-1')!
    expect(['nanshe', 'boma', 'far'].map(site => speaksFor(edge, site))).toEqual([true, true, false])
    await registry.enrol([row('d1')], 6)
    expect(speaksFor(registry.get('d1')!, 'nanshe')).toBe(false)
  })

  test('is given sites and loses them by being enrolled anew, and stays where it stands', async () => {
    const registry = await withAccount()
    const place = registry.get('edge-1')!.place
    const say = async (change: object) => (await registry.enrol([account(change)], 9))[0]!.outcome
    expect(await say({ sites: ['boma', 'far'] })).toBe('moved')
    expect(await say({ sites: ['far', 'boma'] })).toBe('unchanged')
    expect(await say({})).toBe('unchanged')
    expect(registry.get('edge-1')).toMatchObject({ sites: ['boma', 'far'], place })
    expect(await say({ sites: [] })).toBe('moved')
    expect(registry.get('edge-1')).not.toHaveProperty('sites')
  })

  test('may come from a list, with its one site', async () => {
    const registry = createRegistry(createMemoryState())
    const csv = 'device,kind,site,building,point\nedge-1,gateway,nanshe,office,rack'
    expect(await importDevices(registry, csv, 'UTC', 1)).toMatchObject({ enrolled: 1, faults: [] })
    expect(registry.get('edge-1')).toMatchObject({ kind: 'gateway', site: 'nanshe' })
  })

  test.each([
    [
      'further sites of a door',
      [row('d1', { sites: ['x'] })],
      'only a gateway or a display has further sites',
    ],
    ['a site with a slash', [account({ sites: ['a/b'] })], /must be 1 to 64 characters/],
    ['a door that becomes a gateway', [row('d1'), row('d1', { kind: 'gateway' })], /cannot become a/],
    ['a gateway that becomes a door', [account(), row('edge-1')], /cannot become a/],
  ] as const)('is not got by %s', async (_, rows, reason) => {
    const answers = await createRegistry(createMemoryState()).enrol(rows, 0)
    expect(answers.at(-1)).toMatchObject({ outcome: 'refused', reason: expect.stringMatching(reason) })
  })
})

describe('what a gateway says of its devices', () => {
  test('enrols one that is not known, and moves it', async () => {
    const registry = await withAccount({ sites: ['boma'] })
    const version = registry.version()
    const say = async (change: object = {}) =>
      (await registry.announce('edge-1', row('d1', change), 7)).outcome
    expect(await say()).toBe('enrolled')
    expect(await say()).toBe('unchanged')
    expect(await say({ site: 'boma' })).toBe('moved')
    expect(registry.get('d1')).toMatchObject({ ...row('d1', { site: 'boma' }), via: 'edge-1', enrolledAt: 7 })
    expect(registry.version()).toBe(version + 2)
  })

  test('leaves the token of a device that has one, and passes a device on to another gateway', async () => {
    const registry = await withAccount()
    await registry.enrol([row('d1'), row('edge-2', { kind: 'gateway' })], 6)
    const { tokenHash } = registry.get('d1')!
    await registry.announce('edge-1', row('d1', { point: 'q' }), 7)
    expect(registry.get('d1')).toMatchObject({ point: 'q', tokenHash })
    expect(registry.get('d1')).not.toHaveProperty('via')
    await registry.announce('edge-1', row('d2'), 7)
    const { place } = registry.get('d2')!
    await registry.announce('edge-2', row('d2'), 8)
    expect(registry.get('d2')).toMatchObject({ via: 'edge-2', place })
  })

  const refused = [
    ['a device of another site', 'edge-1', row('far-1'), 'PUBLISH_TOPIC_FOREIGN'],
    ['a place of another site', 'edge-1', row('d1', { site: 'far' }), 'PUBLISH_TOPIC_FOREIGN'],
    ['itself', 'edge-1', row('edge-1'), 'PUBLISH_TOPIC_FOREIGN'],
    ['anything, where it is no gateway', 'far-1', row('d1', { site: 'far' }), 'PUBLISH_TOPIC_FOREIGN'],
    ['anything, where it is not known', 'nobody', row('d1'), 'PUBLISH_TOPIC_FOREIGN'],
    ['another gateway', 'edge-1', row('d1', { kind: 'gateway' }), 'DEVICE_INVALID'],
    ['what has no site', 'edge-1', row('d1', { site: '' }), 'DEVICE_INVALID'],
    ['nothing', 'edge-1', null, 'DEVICE_INVALID'],
    ['a place with a person’s number', 'edge-1', row('d1', { point: '13800138000' }), 'DEVICE_INVALID'],
  ] as const
  test.each(refused)('is refused of %s, and changes nothing', async (_, gateway, said, code) => {
    const registry = await withAccount()
    await registry.enrol([row('far-1', { site: 'far' })], 6)
    const before = [registry.list(), registry.version()]
    expect(await registry.announce(gateway, said, 7)).toMatchObject({ outcome: 'refused', code })
    expect([registry.list(), registry.version()]).toEqual(before)
  })

  test('is refused once it has been disabled', async () => {
    const registry = await withAccount()
    await registry.setEnabled('edge-1', false)
    expect(await registry.announce('edge-1', row('d1'), 7)).toMatchObject({ outcome: 'refused' })
  })
})
