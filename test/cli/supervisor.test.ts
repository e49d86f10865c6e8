import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Supervisor, supervise } from '../../cli/supervisor.ts'
import { codeOf, messageOf } from '../../core/errors.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import type { Life, Told } from './supervised.child.ts'

const withinMs = 180_000

interface Supervised {
  readonly supervisor: Supervisor
  readonly faults: { code: string | undefined; error: string }[]
  damages(): number
  starts(): number
}

async function start(starts: readonly Life[], change: { patienceMs?: number; ballast?: string } = {}) {
  const file = join(await temporaryDirectory(), 'starts')
  writeFileSync(file, '')
  const settings: Told = {
    config: { log: { level: 'warn' } },
    file,
    starts,
    ...(change.ballast === undefined ? {} : { ballast: change.ballast }),
  }
  const faults: Supervised['faults'] = []
  let damages = 0
  const supervisor = supervise(
    [{ name: 'told', entry: new URL('./supervised.child.ts', import.meta.url), settings: () => settings }],
    {
      compileCache: join(await temporaryDirectory(), 'compiled'),
      patienceMs: change.patienceMs ?? 60_000,
      async prepare() {},
      onDamage() {
        damages++
        void supervisor.stop()
      },
      onFault: error => faults.push({ code: codeOf(error), error: messageOf(error) }),
    },
  )
  onTestFinished(() => supervisor.stop())
  return { supervisor, faults, damages: () => damages, starts: () => readFileSync(file, 'utf8').length }
}

describe('a process of the service', () => {
  const ends: { title: string; starts: Life[]; fault: RegExp }[] = [
    { title: 'that is killed during the very first start', starts: ['die early', 'live'], fault: /SIGKILL/ },
    {
      title: 'that finds the disk full at the very first start',
      starts: ['disk full', 'live'],
      fault: /no space left/,
    },
    { title: 'whose file is gone', starts: ['throw', 'live'], fault: /ended \(75\)/ },
    { title: 'that ends with an error that nobody caught', starts: ['reject', 'live'], fault: /ended \(1\)/ },
  ]
  for (const { title, starts, fault } of ends) {
    test(`${title} is started again`, { timeout: withinMs }, async () => {
      const { supervisor, faults, ...told } = await start(starts)
      await supervisor.ready()
      await eventually(() => told.starts() === 2, withinMs)
      await eventually(() => faults.length > 0, withinMs)
      expect(faults[0]).toEqual({ code: 'PROCESS_FAILED', error: expect.stringMatching(fault) })
    })
  }

  const damages: { title: string; starts: Life[]; times: number }[] = [
    {
      title: 'that crashes twice in a row as of a damaged file',
      starts: ['crash', 'crash', 'live'],
      times: 2,
    },
    { title: 'that has read what was not written', starts: ['read damage', 'live'], times: 1 },
    {
      title: 'that ends by itself between two crashes',
      starts: ['crash', 'throw', 'crash', 'crash', 'live'],
      times: 4,
    },
  ]
  for (const { title, starts, times } of damages) {
    test(`${title} has all stopped`, { timeout: withinMs }, async () => {
      const { supervisor, damages, ...told } = await start(starts)
      expect(await supervisor.ended).toBe(0)
      expect([told.starts(), damages()]).toEqual([times, 1])
    })
  }

  test('whose configuration is wrong ends all with 78, and says why', { timeout: withinMs }, async () => {
    const { supervisor } = await start(['refuse'])
    await expect(supervisor.ready()).rejects.toThrow('CONFIG_INVALID: told to')
    expect(await supervisor.ended).toBe(78)
  })

  test('whose configuration was right once, and names what is gone now, is tried again', {
    timeout: withinMs,
  }, async () => {
    const { supervisor, faults, ...told } = await start(['throw', 'refuse', 'refuse', 'live'])
    await supervisor.ready()
    await eventually(() => told.starts() === 4, withinMs)
    expect(faults.map(({ error }) => error).filter(error => error.includes('CONFIG_INVALID'))).toHaveLength(2)
  })

  test('whose event loop is blocked is killed and started again', { timeout: withinMs }, async () => {
    const { supervisor, faults, ...told } = await start(['block', 'live'], { patienceMs: 10_000 })
    await supervisor.ready()
    await eventually(() => told.starts() === 2, withinMs)
    expect(faults.map(({ code }) => code)).toEqual(['PROCESS_HUNG', 'PROCESS_FAILED'])
  })

  test('that is stopped, as a debugger does it, is killed and started again', {
    timeout: withinMs,
  }, async () => {
    const { supervisor, faults, ...told } = await start(['live'], { patienceMs: 10_000 })
    const { pid } = (await supervisor.ready()).told as { pid: number }
    process.kill(pid, 'SIGSTOP')
    await eventually(() => told.starts() === 2, withinMs)
    expect(faults.map(({ code }) => code)).toEqual(['PROCESS_HUNG', 'PROCESS_FAILED'])
  })

  test('in which a thread waits for the disk is left alone', { timeout: withinMs }, async () => {
    const { supervisor, faults, ...told } = await start(['commit slowly'], { patienceMs: 10_000 })
    await supervisor.ready()
    // More than its patience; there is nothing to wait for.
    await new Promise(resolve => setTimeout(resolve, 15_000))
    expect([told.starts(), faults]).toEqual([1, []])
  })

  test('gets its settings whatever their size, and not as an argument', { timeout: withinMs }, async () => {
    const { supervisor } = await start(['live'], { ballast: 'x'.repeat(4_000_000) })
    expect((await supervisor.ready()).told).toMatchObject({ ballast: 4_000_000, argv: [] })
  })
})
