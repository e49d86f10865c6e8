import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Command } from 'commander'
import { expect, onTestFinished, test, vi } from 'vitest'
import { addLedgerCommand } from '../../cli/commands/ledger.ts'

const row = { received: 0, stored: 0, duplicate: 0, parked: 0, refused: 0, queued: 0, difference: 0 }
const ledger = {
  total: row,
  snapshots: row,
  devices: [],
  differing: [
    {
      first: 5,
      last: 9,
      firstReceivedAt: '2026-11-21T08:00:00.000Z',
      lastReceivedAt: '2026-11-21T08:05:00.000Z',
      missing: 2,
    },
  ],
  balanced: false,
}

/** What is printed, on standard output and beside it. */
async function printed(...args: string[]): Promise<string> {
  const server = createServer((_, response) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify(ledger)),
  ).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise(resolve => server.once('listening', resolve))
  vi.stubEnv('LINTEL_TOKEN', 'secret')
  let text = ''
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation(chunk => {
      text += chunk
      return true
    })
  onTestFinished(() => {
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
    process.exitCode = undefined
  })
  const program = new Command().exitOverride()
  addLedgerCommand(program)
  const { port } = server.address() as AddressInfo
  await program.parseAsync(['ledger', '--url', `http://127.0.0.1:${port}`, ...args], { from: 'user' })
  return text
}

test('the ledger says in the zone of the configuration since when rows are missing', async () => {
  const text = await printed()
  expect(text).toContain('received 2026-11-21T16:00:00+08:00 to 2026-11-21T16:05:00+08:00, differ: 2 too few')
  expect(text).not.toContain('Z')
})

test('and so does its JSON', async () => {
  const [json] = (await printed('--json')).split('\n')
  expect(JSON.parse(json!)).toMatchObject({
    differing: [{ first: 5, firstReceivedAt: '2026-11-21T16:00:00.000+08:00', missing: 2 }],
  })
})
