import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { main } from '../support/command.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('up that listens on all addresses without TLS says so, on the terminal and in the log', async () => {
  const data = await temporaryDirectory()
  const address = ['--mqtt', '0.0.0.0:0', '--http', '127.0.0.1:0']
  const child = spawn(process.execPath, [main, 'up', '--data', data, ...address])
  onTestFinished(async () => {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  })
  const said = { out: '', log: '' }
  child.stderr.on('data', chunk => {
    said.log += chunk
  })
  child.stdout.on('data', chunk => {
    said.out += chunk
  })
  const warning = /mqtt\.tcp listens on 0\.0\.0\.0:0 without TLS: tokens travel in the clear/
  await expect.poll(() => said.out, { timeout: 60_000 }).toMatch(/is up\n/)
  await expect.poll(() => said.out).toMatch(warning)
  expect(said.log).toMatch(warning)
  expect(said.out.match(/without TLS/g)).toHaveLength(1)
}, 90_000)
