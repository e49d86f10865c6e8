import { readFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import type { Place } from '../../core/words.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import { sightingRecordId, statusRecordId } from '../../devices/contract/record-ids.ts'
import { standsAt } from '../../devices/registry/device.ts'
import { createRegistry, type Registry } from '../../devices/registry/registry.ts'
import type { Enroller } from '../../gateway/admit/enroller.ts'
import { createRegistryEnroller } from '../../gateway/admit/registry-enroller.ts'
import type { Item } from '../../gateway/journal/journal.ts'
import { createMemoryJournal } from '../../gateway/journal/memory-journal.ts'
import { type Book, createBook } from '../../gateway/uplink/book.ts'
import { createUplink, type UplinkOptions } from '../../gateway/uplink/uplink.ts'
import { createAuthority } from '../support/certificates.ts'
import { eventually } from '../support/eventually.ts'
import { type Gateway, row, startGateway } from '../support/gateway.ts'
import { createHeldJournal } from '../support/held-journal.ts'
import { needsProgram } from '../support/programs.ts'
import { item, passage, somewhere } from '../support/records.ts'
import { createRestingPictures, type RestingPictures } from '../support/resting-pictures.ts'
import { openTcpProxy } from '../support/tcp-proxy.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const account = (change: object = {}) => row('edge-1', { kind: 'gateway', site: 'nanshe', ...change })
const door = (device: string, change: object = {}) => row(device, { site: 'nanshe', ...change })

interface Edge {
  journal: ReturnType<typeof createMemoryJournal>
  registry: Registry
  book: Book
  faults: string[]
  pictures: RestingPictures
  report(...ids: (string | Item)[]): Promise<unknown>
  uplink: ReturnType<typeof createUplink>
  stop(): Promise<void>
}

/** A record that says nothing else comes from where its device stands. */
const inPlace = (item: Item, place: Place): Item =>
  'record' in item && item.record.place === somewhere ? { ...item, record: { ...item.record, place } } : item

/** An edge node with two doors, in this process, that reports to the centre. */
async function startEdge(
  centre: Gateway,
  options: Partial<UplinkOptions> = {},
  start = true,
  cursor = 0,
): Promise<Edge> {
  const journal = createMemoryJournal(systemClock)
  const registry = createRegistry(createMemoryState())
  await registry.enrol([door('d1'), door('d2')], systemClock())
  const book = createBook(createMemoryState(), journal)
  await book.pass(cursor, new Map())
  const faults: string[] = []
  const pictures = createRestingPictures()
  const quick = { firstMs: 20, maxMs: 200 }
  const uplink = createUplink(
    {
      url: `mqtt://127.0.0.1:${centre.port}`,
      account: 'edge-1',
      token: centre.tokenOf('edge-1'),
      tls: {},
      backoff: quick,
      refusedBackoff: quick,
      holdBackoff: quick,
      ...options,
    },
    {
      journal,
      snapshots: pictures.reader,
      registry,
      book,
      clock: systemClock,
      random: () => 0.5,
      onState: () => {},
      onFault: error => faults.push(String(error)),
    },
  )
  let stopped = false
  const stop = async () => {
    if (!stopped) await uplink.stop()
    stopped = true
  }
  onTestFinished(stop)
  if (start) await uplink.start?.()
  const now = systemClock()
  const begun = standsAt(registry.get('d1')!)
  return {
    journal,
    registry,
    book,
    faults,
    pictures,
    uplink,
    stop,
    report: (...ids) =>
      journal.append(
        'd1',
        ids.map(id =>
          inPlace(typeof id === 'string' ? item(id, passage({ at: now, receivedAt: now })) : id, begun),
        ),
      ),
  }
}

const denied = (id: string) => item(id, passage({ at: systemClock(), data: { result: 'denied' } }))
const idsOf = (centre: Gateway, device = 'd1') => centre.stored(device).map(({ id }) => id)
const has = (centre: Gateway, ids: readonly string[]) => eventually(() => expect(idsOf(centre)).toEqual(ids))

describe('an edge node', () => {
  test('enrols its devices at the centre, and hands over events, statuses and sightings, each once', async () => {
    const centre = await startGateway({ devices: [account()] })
    const edge = await startEdge(centre)
    const now = systemClock()
    const status = { ...passage({ at: now }), kind: 'status', data: { state: 'offline' } } as EventRecord
    const sighting = {
      ...passage({ at: now }),
      kind: 'sighting',
      data: { outcome: 'seen', dog: 1 },
    } as EventRecord
    await edge.report('a', { id: statusRecordId('run', 0), record: status }, 'b', {
      id: sightingRecordId('a'),
      record: sighting,
    })
    await has(centre, ['a', '#status/edge-1/run.0', 'b', '#sighting/a'])
    expect(centre.registry.get('d1')).toMatchObject({ ...door('d1'), via: 'edge-1' })
    expect(centre.registry.get('d2')).toBeUndefined()
    await eventually(() => expect(edge.book.cursor()).toBe(4))
    expect(edge.uplink.stats()).toMatchObject({
      connected: true,
      lag: 0,
      unacked: 0,
      refused: false,
      oldestAgeMs: 0,
    })
    await edge.stop()
    expect(idsOf(centre, 'edge-1').length).toBe(2)
    expect(edge.faults).toEqual([])
  })

  test('keeps each record at the place where its device stood, through its moves', async () => {
    const centre = await startGateway({ devices: [account()] })
    const edge = await startEdge(centre)
    await edge.report('a')
    await edge.registry.enrol([door('d1', { building: 'b77', kind: 'checkpoint' })], systemClock())
    const place = standsAt(edge.registry.get('d1')!)
    const moved = (id: string, change: object = {}) =>
      item(id, passage({ at: systemClock(), place, ...change }))
    await edge.report(moved('b'), 'c', moved('u', { data: { result: 'denied' } }))
    await eventually(() => expect(idsOf(centre)).toHaveLength(4))
    const where = centre.reader.read(0, 99).entries.filter(({ device }) => device === 'd1')
    expect(Object.fromEntries(where.map(({ id, record }) => [id, record.place.building]))).toEqual({
      a: 'b',
      b: 'b77',
      c: 'b',
      u: 'b77',
    })
    expect(where.filter(({ id }) => id !== 'u').map(({ id }) => id)).toEqual(['a', 'b', 'c'])
  })

  test('sends what is urgent before a backlog of tens of thousands', async () => {
    const centre = await startGateway({ devices: [account()] })
    const edge = await startEdge(centre, {}, false)
    const rows = Array.from({ length: 30_000 }, (_, n) => (n % 1500 === 1499 ? denied(`n${n}`) : `n${n}`))
    await edge.report(...rows)
    await edge.uplink.start?.()
    await eventually(() => expect(edge.book.cursor()).toBe(30_000), 20_000)
    const urgent = rows.flatMap(each => (typeof each === 'string' || !('id' in each) ? [] : [each.id]))
    const ordinary = rows.filter(each => typeof each === 'string')
    expect(idsOf(centre)).toEqual([...urgent, ...ordinary])
    expect(centre.tally('d1')).toMatchObject({ received: 30_000, duplicate: 0 })
  })

  test('lets what is urgent through a cap that holds up everything else', async () => {
    const centre = await startGateway({ devices: [account()] })
    const edge = await startEdge(centre, { maxBytesPerS: 1024 })
    await edge.report(...Array.from({ length: 500 }, (_, n) => `n${n}`))
    await eventually(() => expect(idsOf(centre).length).toBeGreaterThan(0))
    await edge.report(denied('u'))
    await eventually(() => expect(idsOf(centre)).toContain('u'))
    expect(idsOf(centre).length).toBeLessThan(200)
  })

  test('sends again what was on its way when the network was cut, and the centre has it once', async () => {
    const held = createHeldJournal(systemClock)
    const centre = await startGateway({ devices: [account(), door('d1')], journal: held })
    const network = await openTcpProxy(() => centre.port)
    const edge = await startEdge(centre, { url: `mqtt://127.0.0.1:${network.port}` })
    await edge.report('a')
    await has(centre, ['a'])
    held.hold()
    await edge.report('b', 'c')
    await edge.report(denied('u'))
    await eventually(() => expect(held.waiting()).toBeGreaterThan(1))
    network.cut()
    await eventually(() => expect(edge.uplink.stats().connected).toBe(false))
    await edge.report('d')
    held.letGo()
    network.restore()
    await eventually(() => expect(edge.book.cursor()).toBe(5))
    expect(idsOf(centre).toSorted()).toEqual(['a', 'b', 'c', 'd', 'u'])
    expect(edge.uplink.stats().counters.resent).toBeGreaterThan(0)
  })

  test('keeps everything while the centre refuses a site, says so once, and goes on when it is given', async () => {
    const centre = await startGateway({ devices: [account({ site: 'far' })] })
    const edge = await startEdge(centre)
    await edge.report('a', 'b')
    await eventually(() => expect(edge.uplink.stats().refused).toBe(true))
    await eventually(() => expect(centre.codes().length).toBeGreaterThan(3))
    expect(edge.faults).toEqual([
      expect.stringMatching(/edge-1 may not speak for d1 of site nanshe.*--also-site/),
    ])
    expect(edge.book.cursor()).toBe(0)
    await edge.report('c')
    await centre.registry.enrol([account({ site: 'far', sites: ['nanshe'] })], systemClock())
    centre.broker.refresh()
    await has(centre, ['a', 'b', 'c'])
    await eventually(() => expect(edge.uplink.stats()).toMatchObject({ refused: false, lag: 0 }))
  })

  test('waits for a centre that does not know it, and goes on when it does', async () => {
    const centre = await startGateway({ devices: [account()] })
    await centre.registry.setEnabled('edge-1', false)
    const edge = await startEdge(centre)
    await edge.report('a')
    await eventually(() => expect(centre.codes()).toContain('CONNECT_DEVICE_DISABLED'))
    await centre.registry.setEnabled('edge-1', true)
    await has(centre, ['a'])
  })

  test('tells what the centre has parked, and goes on', async () => {
    const centre = await startGateway({ devices: [account()] })
    const edge = await startEdge(centre)
    await edge.report('a', '13800138000', 'b')
    await eventually(() => expect(edge.book.cursor()).toBe(3))
    expect(idsOf(centre)).toEqual(['a', 'b'])
    await eventually(() =>
      expect(edge.faults).toEqual([expect.stringMatching(/parked something of d1: EVENT_ID_INVALID/)]),
    )
    expect(centre.tally('d1')).toMatchObject({ received: 3, stored: 2, parked: 1 })
  })

  test('comes again while the centre cannot take down where its devices stand', async () => {
    let isDown = true
    const down = { announce: () => Promise.reject(new LintelError('API_UNAVAILABLE', 'down')) }
    let up: Enroller = down
    const enroller: Enroller = { announce: (...asked) => (isDown ? down : up).announce(...asked) }
    const centre = await startGateway({ devices: [account()], enroller })
    up = createRegistryEnroller(centre.registry, systemClock)
    const edge = await startEdge(centre)
    await edge.report('a')
    await eventually(() =>
      expect(edge.faults).toContainEqual(expect.stringMatching(/ended the connection: down/)),
    )
    expect(edge.uplink.stats().refused).toBe(false)
    isDown = false
    await has(centre, ['a'])
  })

  test('is heard over TLS where it knows who signed for the centre, and not where it does not', async context => {
    needsProgram(context, 'openssl', 'apt-get install openssl')
    const authority = createAuthority(await temporaryDirectory(), 'ca')
    const files = { ...authority.issue('centre'), clientCertificates: 'none' as const }
    const tls = { host: '127.0.0.1', port: 0, ...files }
    const centre = await startGateway({ devices: [account()], broker: { tls } })
    const url = `mqtts://127.0.0.1:${centre.broker.addresses.tls!.port}`
    const stranger = await startEdge(centre, { url })
    await stranger.report('a')
    const edge = await startEdge(centre, { url, tls: { ca: readFileSync(authority.caFile) } })
    await edge.report('b')
    await has(centre, ['b'])
    expect(stranger.uplink.stats().connected).toBe(false)
  })

  test('sends what is new in a journal that is an older copy of what the centre has', async () => {
    const centre = await startGateway({ devices: [account()] })
    const edge = await startEdge(centre, {}, false, 7)
    expect(edge.book.cursor()).toBe(0)
    await edge.report('a', 'b')
    await edge.uplink.start?.()
    await has(centre, ['a', 'b'])
  })

  test('goes on where it was after a stop', async () => {
    const centre = await startGateway({ devices: [account()] })
    const edge = await startEdge(centre)
    await edge.report('a')
    await has(centre, ['a'])
    await edge.stop()
    expect(edge.book.cursor()).toBe(1)
  })
})

describe('pictures of an edge node', () => {
  test('come after the records that lay before them, each once', async () => {
    const centre = await startGateway({ devices: [account()] })
    const edge = await startEdge(centre, {}, false)
    await edge.report('a', 'b', denied('c'))
    for (const event of ['a', 'b']) edge.pictures.add(event)
    edge.pictures.add('c', { urgent: true })
    await edge.uplink.start?.()
    await eventually(() => expect(idsOf(centre)).toHaveLength(6))
    expect(idsOf(centre).slice(0, 3)).toEqual(['c', 'a', 'b'])
    expect(idsOf(centre).toSorted().slice(0, 3)).toEqual(['#snapshot/a', '#snapshot/b', '#snapshot/c'])
    expect(centre.stored('d1').at(-1)).toMatchObject({ data: { bytes: 101, redacted: true } })
    await eventually(() => expect(edge.book.pictures()).toBe(3))
    expect(edge.uplink.stats().counters.pictures).toBe(3)
    edge.pictures.add('b2')
    await eventually(() => expect(idsOf(centre)).toContain('#snapshot/b2'))
    expect(centre.tally('d1', 'snapshot')).toMatchObject({ received: 4, duplicate: 0 })
  })

  test('that were deleted meanwhile are passed over and counted', async () => {
    const centre = await startGateway({ devices: [account()] })
    const edge = await startEdge(centre, {}, false)
    for (const event of ['a', 'b', 'c']) edge.pictures.add(event)
    edge.pictures.delete('b')
    await edge.uplink.start?.()
    await eventually(() => expect(edge.book.pictures()).toBe(3))
    expect(idsOf(centre)).toEqual(['#snapshot/a', '#snapshot/c'])
    expect(edge.uplink.stats().picturesSkipped).toBe(1)
  })
})
