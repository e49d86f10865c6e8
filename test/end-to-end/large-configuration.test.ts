import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startService } from '../../bench/service.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** What anybody on this machine can read of the processes of a group: their arguments and, for their owner, the environment. */
function publicOf(group: number): string {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  return pids
    .map(pid => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        const [, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        if (Number(pgrp) !== group) return ''
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8') + readFileSync(`/proc/${pid}/environ`, 'utf8')
      } catch {
        // It has just ended.
        return ''
      }
    })
    .join('\n')
}

test('sixteen channels of a thousand sites each start, and are in no list of processes', {
  timeout: 120_000,
}, async context => {
  if (process.platform !== 'linux') return context.skip('reads /proc: run it on Linux')
  const sites = Array.from({ length: 1000 }, (_, n) => `needle-${n}`)
  const channels = Object.fromEntries(
    Array.from({ length: 16 }, (_, n) => [`channel-${n}`, { kind: 'log', sites }]),
  )
  const text = JSON.stringify({ alerts: { channels }, tagger: { workers: 0 } })
  expect(text.length).toBeGreaterThan(128 * 1024)
  const file = join(await temporaryDirectory(), 'lintel.json')
  writeFileSync(file, text)
  const service = await startService(await temporaryDirectory(), 0, ['--config', file])
  onTestFinished(() => service.stop())
  const told = publicOf(service.pid)
  expect(told).toContain('gateway/main.')
  expect(told).toContain('ingest/main.')
  expect(told).not.toContain('needle-')
  expect(await service.operations.listChannels()).toHaveLength(16)
})
