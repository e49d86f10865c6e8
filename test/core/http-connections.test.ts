import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { boundConnections, connectionDefaults, isTooSlow } from '../../core/http-connections.ts'
import { eventually } from '../support/eventually.ts'

const rule = { leastBytesPerS: 1000, graceMs: 5000 }
const megabyte = Buffer.alloc(1e6)

async function serve(change: Partial<typeof connectionDefaults> = {}) {
  const server = createServer((request, answer) => {
    if (request.url === '/hang') return
    // Without end, as an export of any length.
    const write = () => {
      while (!answer.destroyed && answer.write(megabyte));
    }
    answer.on('drain', write)
    write()
  })
  const bound = boundConnections(server, { ...connectionDefaults, checkEveryMs: 20, ...change }, Date.now)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const open = async (request = ''): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    onTestFinished(() => void socket.destroy())
    await once(socket, 'connect')
    socket.write(request)
    return socket
  }
  return { bound, open }
}
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`

describe('a reader is too slow', () => {
  const cases = [
    { title: 'not within the grace', now: 5000, taken: 0, most: 0, expected: false },
    { title: 'once it has taken nothing for longer', now: 5100, taken: 0, most: 0, expected: true },
    { title: 'not while it takes enough', now: 105_000, taken: 100_000, most: 0, expected: false },
    { title: 'where it takes a little now and then', now: 105_000, taken: 90_000, most: 0, expected: true },
    { title: 'not while one long piece could still be on its way', now: 15_000, taken: 0, most: 10_000, expected: false },
    { title: 'once that would have been there', now: 15_100, taken: 0, most: 10_000, expected: true },
  ] // biome-ignore format: a table
  for (const { title, now, taken, most, expected } of cases)
    test(title, () => expect(isTooSlow({ since: 0, taken: 0, most }, taken, now, rule)).toBe(expected))
})

test('a reader of an endless answer that takes nothing is cut, and one that takes it is not', async () => {
  const { bound, open } = await serve({ leastBytesPerS: 4e6, graceMs: 100 })
  const stalled = await open(get('/endless'))
  const reading = await open(get('/endless'))
  let taken = 0
  reading.on('data', bytes => {
    taken += bytes.length
  })
  await eventually(() => expect(bound.stats().cutSlow).toBe(1))
  // Reading on tells the end of a line that was cut.
  stalled.resume()
  await eventually(() => expect(stalled.destroyed).toBe(true))
  const before = taken
  await eventually(() => expect(taken).toBeGreaterThan(before + 20e6))
  expect(reading.destroyed).toBe(false)
})

test('beyond the bound the one that has asked nothing for longest makes room, and what is under way stays', async () => {
  const { bound, open } = await serve({ max: 3 })
  const asking = await open(get('/hang'))
  const silent = await open()
  const half = await open('GET / HTTP/1.1\r\nHost:')
  await eventually(() => expect(bound.stats().open).toBe(3))
  const next = await open(get('/hang'))
  silent.resume()
  await eventually(() => expect(silent.destroyed).toBe(true))
  const last = await open(get('/hang'))
  half.resume()
  await eventually(() => expect(half.destroyed).toBe(true))
  // All are under way: there is no room for one that asks nothing yet.
  const late = await open()
  late.resume()
  await eventually(() => expect(late.destroyed).toBe(true))
  expect([asking, next, last].map(({ destroyed }) => destroyed)).toEqual([false, false, false])
  expect(bound.stats()).toMatchObject({ open: 3, crowdedOut: 3, cutSlow: 0 })
})
