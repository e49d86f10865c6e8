import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import { standsAt } from '../../devices/registry/device.ts'
import { createRegistry, type Registry } from '../../devices/registry/registry.ts'
import { createMemoryJournal } from '../../gateway/journal/memory-journal.ts'
import { createBook, createBookReader } from '../../gateway/uplink/book.ts'
import { type CentreJournal, judgeCentre, markOf } from '../../gateway/uplink/centre.ts'
import { createFaithfulUplink } from '../../gateway/uplink/faithful-uplink.ts'
import { eventually } from '../support/eventually.ts'
import { type Gateway, row, startGateway } from '../support/gateway.ts'
import { item, passage } from '../support/records.ts'
import { createRestingPictures } from '../support/resting-pictures.ts'
import { openTcpProxy } from '../support/tcp-proxy.ts'

const opening = (epoch: string, first: number) => ({ epoch, first })

describe('a centre', () => {
  const heard: CentreJournal = { id: 'j', run: 'r1', end: 30, openings: [opening('a', 1), opening('b', 21)] }
  const mark = markOf(heard, { cursor: 100, pictures: 7 })

  test('is marked by what it has at most', () => {
    expect(mark).toEqual({ cursor: 100, pictures: 7, id: 'j', run: 'r1', seq: 30, epoch: 'b' })
  })

  const cases: { title: string; said: Partial<CentreJournal>; verdict: string }[] = [
    { title: 'that goes on', said: { end: 40 }, verdict: 'same' },
    { title: 'that was started anew', said: { run: 'r2' }, verdict: 'restarted' },
    { title: 'that was started anew and has more', said: { run: 'r2', end: 90, openings: [...heard.openings, opening('c', 31)] }, verdict: 'restarted' },
    { title: 'whose journal ends before', said: { run: 'r2', end: 29 }, verdict: 'replaced' },
    { title: 'that went on from an older copy', said: { run: 'r2', end: 90, openings: [opening('a', 1), opening('b', 21), opening('d', 25)] }, verdict: 'replaced' },
    { title: 'that went on from a still older copy', said: { run: 'r2', end: 90, openings: [opening('a', 1), opening('e', 11)] }, verdict: 'replaced' },
    { title: 'with another journal', said: { id: 'k', run: 'r2' }, verdict: 'replaced' },
  ] // biome-ignore format: a table
  for (const { title, said, verdict } of cases) {
    test(`${title} is ${verdict}`, () => expect(judgeCentre(mark, { ...heard, ...said })).toBe(verdict))
  }

  test('of which nothing was known is new', () => expect(judgeCentre(undefined, heard)).toBe('new'))
})

const account = row('edge-1', { kind: 'gateway', site: 'nanshe' })

/** A centre that is known again by its accounts, whatever became of its journal. */
async function startCentre(registry: Registry, run: string, journal = createMemoryJournal(systemClock)) {
  const { id } = journal
  const openings = () => journal.openings()
  const greeting = () => ({ type: 'journal', id, run, end: journal.end(), openings: openings() }) as const
  const gateway = await startGateway({ registry, journal, greeting, devices: [account] })
  return { ...gateway, journal }
}

async function startEdge(port: number, token: string) {
  const journal = createMemoryJournal(systemClock)
  const registry = createRegistry(createMemoryState())
  await registry.enrol([row('d1', { site: 'nanshe' })], systemClock())
  const state = createMemoryState()
  const faults: string[] = []
  const pictures = createRestingPictures()
  const quick = { firstMs: 20, maxMs: 200 }
  const uplink = createFaithfulUplink(
    {
      url: `mqtt://127.0.0.1:${port}`,
      account: 'edge-1',
      token,
      tls: {},
      backoff: quick,
      refusedBackoff: quick,
    },
    {
      journal,
      snapshots: pictures.reader,
      registry,
      book: createBook(state, journal),
      clock: systemClock,
      random: () => 0.5,
      onState: () => {},
      onFault: error => faults.push(String(error)),
    },
  )
  onTestFinished(() => uplink.stop())
  await uplink.start?.()
  const place = standsAt(registry.get('d1')!)
  const report = (...ids: string[]) =>
    journal.append(
      'd1',
      ids.map(id => item(id, passage({ at: systemClock(), receivedAt: systemClock(), place }))),
    )
  const book = createBook(state, journal)
  const reader = createBookReader(state, journal)
  const passed = async () => reader.countByDevice(journal.id, await reader.applied(journal.id))
  return { journal, report, faults, pictures, book, uplink, passed }
}

const idsOf = (centre: Gateway) =>
  centre
    .stored('d1')
    .map(({ id }) => id)
    .toSorted()

describe('an edge node', () => {
  /** A centre that has three records and a picture, and an edge node behind a network. */
  async function setUp() {
    const registry = createRegistry(createMemoryState())
    const first = await startCentre(registry, 'r1')
    let { port } = first
    const network = await openTcpProxy(() => port)
    const edge = await startEdge(network.port, first.tokenOf('edge-1'))
    await edge.report('a', 'b', 'c')
    edge.pictures.add('a', { restedAt: systemClock() })
    await eventually(() => expect(idsOf(first)).toEqual(['#snapshot/a', 'a', 'b', 'c']))
    await eventually(() => expect(edge.book.pictures()).toBe(1))
    first.broker.greetGateways()
    await eventually(() => expect(edge.book.mark()?.cursor).toBe(3))
    /** In place of the first. */
    async function replaceBy(centre: Gateway): Promise<void> {
      network.cut()
      await first.broker.stop()
      port = centre.port
      network.restore()
    }
    return { registry, first, edge, replaceBy }
  }

  test('sends everything again to a centre that has lost its journal', async () => {
    const { registry, edge, replaceBy } = await setUp()
    const second = await startCentre(registry, 'r2')
    await replaceBy(second)
    await eventually(() => expect(idsOf(second)).toEqual(['#snapshot/a', 'a', 'b', 'c']))
    await edge.report('d')
    await eventually(() => expect(idsOf(second)).toEqual(['#snapshot/a', 'a', 'b', 'c', 'd']))
    expect(edge.faults).toEqual([expect.stringMatching(/no longer has what it acked/)])
    await eventually(async () => expect([...(await edge.passed())]).toEqual([['d1', 4]]))
    expect(second.tally('d1')).toMatchObject({ received: 4, duplicate: 0 })
  })

  test('sends again what a centre may have lost that was started anew, and nothing before', async () => {
    const { registry, first, edge, replaceBy } = await setUp()
    await edge.report('d', 'e')
    await eventually(() => expect(first.tally('d1')).toMatchObject({ stored: 5 }))
    await eventually(() => expect(edge.book.cursor()).toBe(5))
    const second = await startCentre(registry, 'r2', first.journal)
    await replaceBy(second)
    await eventually(() => expect(second.tally('d1')).toMatchObject({ received: 7, duplicate: 2, stored: 5 }))
    expect(edge.faults).toEqual([])
    await eventually(async () => expect([...(await edge.passed())]).toEqual([['d1', 5]]))
  })

  test('says what it can no longer send to a centre that has lost its journal', async () => {
    const { registry, edge, replaceBy } = await setUp()
    await edge.journal.trim(2, Number.POSITIVE_INFINITY)
    const second = await startCentre(registry, 'r2')
    await replaceBy(second)
    await eventually(() => expect(idsOf(second)).toContain('c'))
    expect(idsOf(second)).not.toContain('a')
    expect(edge.faults).toEqual([expect.stringMatching(/up to position 2 are not here any more/)])
  })
})
