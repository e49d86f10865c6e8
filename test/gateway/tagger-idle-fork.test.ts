import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { forkIdle } from '../../gateway/tagger/idle-fork.ts'
import { needsProgram } from '../support/programs.ts'

test('a process that is forked to be idle is our child, speaks with us, and runs only where nobody else wants to', async context => {
  needsProgram(context, 'chrt', 'apt-get install util-linux')
  const child = forkIdle(new URL('./tagger-worker.child.ts', import.meta.url), ['null'], {})
  onTestFinished(() => void child.kill('SIGKILL'))
  const [first] = await once(child, 'message')
  expect(first).toEqual({ kind: 'ready' })
  expect(execFileSync('chrt', ['-p', String(child.pid)]).toString()).toMatch(/SCHED_IDLE/)
})
