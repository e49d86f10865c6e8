import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { expect, test } from 'vitest'

const log = new URL('../../core/log.ts', import.meta.url).href
const writes = `
import { createLog } from ${JSON.stringify(log)}
const log = createLog('test', 'info')
for (let n = 0; n < 20_000; n++) log.info({ n }, 'a line of some length, so that more than a megabyte waits')
process.stdout.write('alive')
`

test('a log on a full disk ends no process', context => {
  if (!existsSync('/dev/full')) return context.skip('there is no /dev/full: run it on Linux')
  const full = openSync('/dev/full', 'w')
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', writes], {
    stdio: ['ignore', 'pipe', full],
    encoding: 'utf8',
  })
  closeSync(full)
  expect([status, stdout]).toEqual([0, 'alive'])
})
