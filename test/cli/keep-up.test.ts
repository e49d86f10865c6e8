import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { tellLostRegistry } from '../../cli/data-files.ts'
import { keepUp } from '../../cli/keep-up.ts'
import { prepareData } from '../../cli/prepare.ts'
import { type Config, parseConfig } from '../../config/config.ts'
import { type DataPaths, dataPaths } from '../../core/data-directory.ts'
import { messageOf } from '../../core/errors.ts'
import { checkFile } from '../../core/lmdb-file/check.ts'
import { openPageFile, pageBytes } from '../../core/lmdb-file/pages.ts'
import { dataFile, setAsideIn } from '../../core/lmdb-file/set-aside.ts'
import type { Logger } from '../../core/log.ts'
import { openLmdbState } from '../../core/state/lmdb-state.ts'
import { openDatabases } from '../../gateway/journal/lmdb-layout.ts'
import { eventually } from '../support/eventually.ts'
import { smallDisk } from '../support/small-disk.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import type { Life, Told } from './supervised.child.ts'

const withinMs = 180_000
const rows = 1000
const spoiled = 'counted'

interface Line {
  readonly code?: string
  readonly error?: string
}

/** A data directory with a state of some rows, and where one of their pages is. */
async function directory(root: string): Promise<{ paths: DataPaths; config: Config; page: number }> {
  const paths = dataPaths(join(root, 'data'))
  const config = parseConfig({})
  await prepareData(paths, config)
  const state = openLmdbState({ directory: paths.state })
  const table = state.table<number>(spoiled)
  await state.transact(() => {
    for (let n = 0; n < rows; n++) table.put(`row-${n}`, n)
  })
  await state.close()
  const file = openPageFile(join(paths.state, dataFile))
  const pages = new Set<number>()
  checkFile(file, (name, _key, _value, offset) => {
    if (name === spoiled) pages.add(Math.floor(offset / pageBytes))
  })
  file.close()
  return { paths, config, page: [...pages][1]! }
}

interface Change {
  /** Where the data directory is. */
  readonly root?: string
  /** Runs when there is a directory, and before anything is started. */
  prepared?(paths: DataPaths): void | Promise<void>
}

async function start(starts: readonly Life[], { root, prepared = () => {} }: Change = {}) {
  const { paths, config, page } = await directory(root ?? (await temporaryDirectory()))
  await prepared(paths)
  const file = join(await temporaryDirectory(), 'starts')
  writeFileSync(file, '')
  const settings: Told = {
    config: { log: { level: 'fatal' } },
    file,
    starts,
    ...(starts[0] === 'live' ? {} : { spoil: { path: join(paths.state, dataFile), page } }),
  }
  const lines: Line[] = []
  const log = { error: (line: Line) => lines.push(line), warn() {} } as unknown as Logger
  const stopping = new AbortController()
  const ups: unknown[] = []
  const ended = keepUp({
    paths,
    config,
    specs: [
      { name: 'told', entry: new URL('./supervised.child.ts', import.meta.url), settings: () => settings },
    ],
    log,
    signal: stopping.signal,
    async onUp(ready) {
      ups.push(ready)
    },
  })
  onTestFinished(async () => {
    stopping.abort()
    await ended
  })
  const started = () => readFileSync(file, 'utf8').length
  return { paths, lines, ups, ended, started, stop: () => stopping.abort() }
}

const rebuilt = (lines: readonly Line[]) =>
  lines.filter(({ code, error }) => code === 'STATE_CORRUPT' && error?.includes('has been rebuilt'))

async function savedRows(paths: DataPaths): Promise<(readonly [string, number])[]> {
  const state = openLmdbState({ directory: paths.state })
  const entries = [...state.table<number>(spoiled).entries()]
  await state.close()
  return entries
}

describe('a data file that is damaged while the service is up', () => {
  const ends: { title: string; starts: Life[] }[] = [
    { title: 'and makes a process crash twice', starts: ['crash', 'crash', 'live'] },
    { title: 'and is read by a process', starts: ['read damage', 'live'] },
  ]
  for (const { title, starts } of ends) {
    test(`${title}, is rebuilt before processes are started again`, { timeout: withinMs }, async () => {
      const { paths, lines, ups, ended, started, stop } = await start(starts)
      await eventually(() => expect(started()).toBe(starts.length), withinMs)
      stop()
      expect(await ended).toBe(0)
      expect(rebuilt(lines)).toHaveLength(1)
      expect(ups).toHaveLength(1)
      expect(setAsideIn(paths.state)).toHaveLength(1)
      const saved = await savedRows(paths)
      expect(saved.length).toBeGreaterThan(0)
      expect(saved.length).toBeLessThan(rows)
      for (const [key, value] of saved) expect(key).toBe(`row-${value}`)
    })
  }

  test('and cannot be rebuilt for want of room, is tried again until there is room', {
    timeout: withinMs,
  }, async context => {
    const disk = await smallDisk(context, 32)
    const { paths, lines, started } = await start(['read damage', 'live'], {
      root: disk.directory,
      prepared: disk.fill,
    })
    const failed = ({ code, error }: Line) =>
      code === 'STATE_CORRUPT' && error?.includes('could not be rebuilt') === true
    await eventually(() => expect(lines.some(failed)).toBe(true), withinMs)
    expect(setAsideIn(paths.state)).toEqual([])
    disk.free()
    await eventually(() => expect(started()).toBe(2), withinMs)
    expect(rebuilt(lines)).toHaveLength(1)
    expect((await savedRows(paths)).length).toBeGreaterThan(0)
  })
})

test('an empty registry beside a journal that has events of devices is told at each start', {
  timeout: withinMs,
}, async () => {
  const { paths, lines, ups, stop, ended } = await start(['live'], {
    prepared: ({ journal }) => nameDevices(journal, ['door-1', 'door-2']),
  })
  await eventually(() => expect(ups).toHaveLength(1), withinMs)
  stop()
  await ended
  expect(lines.filter(({ error }) => error?.includes('the registry is empty'))).toEqual([
    expect.objectContaining({ code: 'STATE_CORRUPT', devices: 2 }),
  ])
  const told: Line[] = []
  await tellLostRegistry(paths, error => told.push({ error: messageOf(error) }))
  expect(told).toHaveLength(1)
})

async function nameDevices(directory: string, devices: readonly string[]): Promise<void> {
  const { root, device } = openDatabases(directory, false)
  root.transactionSync(() => {
    for (const [index, name] of devices.entries()) device.putSync(name, index + 1)
  })
  await root.close()
}
