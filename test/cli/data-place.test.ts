import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { lookAtData } from '../../cli/data-place.ts'
import { dataPaths, prepareDataDirectory } from '../../core/data-directory.ts'
import { lintel, main, run } from '../support/command.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const look = (root: string) => lookAtData(dataPaths(root))

describe('the path of --data', () => {
  test('has data once it was prepared, also while its run directory is missing', async () => {
    const paths = dataPaths(await temporaryDirectory())
    prepareDataDirectory(paths)
    expect(look(paths.root)).toBe('data')
    rmSync(paths.run, { recursive: true })
    expect(look(paths.root)).toBe('data')
  })

  test('is a place to begin where nothing but lost+found is', async () => {
    const directory = await temporaryDirectory()
    expect(look(directory)).toBe('empty')
    mkdirSync(join(directory, 'lost+found'))
    expect(look(directory)).toBe('empty')
  })

  const wrong = [
    { title: 'that is not there', make: () => {}, say: /^there is no directory \S+: is --data right\? lintel up --data \S+ begins one$/ },
    { title: 'of something else', make: (path: string) => void mkdirSync(join(path, 'photos'), { recursive: true }), say: /^there is no data of lintel in / },
    { title: 'of a file', make: (path: string) => writeFileSync(path, ''), say: /is no data directory: / },
  ] // biome-ignore format: a table
  for (const { title, make, say } of wrong)
    test(`${title} is refused, and nothing is made`, async () => {
      const path = join(await temporaryDirectory(), 'mistyped')
      make(path)
      const before = existsSync(path)
      expect(() => look(path)).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(say) }),
      )
      expect(existsSync(path)).toBe(before)
    })
})

const place = ['--site', 's', '--building', 'b', '--point', 'p']
const commands = [
  ['device', 'list'], ['device', 'add', 'd', ...place], ['user', 'add', 'x', '--role', 'admin'], ['user', 'invite'],
  ['token', 'create', 't', '--role', 'admin'], ['flow'], ['ledger'], ['parked', 'list'], ['alerts', 'list'],
  ['alerts', 'watch'], ['audit'], ['retention'], ['clock'], ['rules', 'show'], ['snapshot', 'list'], ['doctor'],
  ['doctor', '--deep'], ['export', '--out', '-'], ['simulate'],
] // biome-ignore format: a table

test('no command but up makes a directory for a --data that is mistyped, and all say the same', async () => {
  const data = join(await temporaryDirectory(), 'mistyped')
  const said = `CONFIG_INVALID: there is no directory ${data}: is --data right? lintel up --data ${data} begins one\n`
  for (const command of commands) {
    const { code, stderr } = await lintel(...command, '--data', data)
    expect([command.join(' '), code, stderr]).toEqual([command.join(' '), 78, said])
  }
  expect(existsSync(data)).toBe(false)
}, 120_000)

test('a command makes nothing in a directory of something else, and an enrolment begins in an empty one', async () => {
  const data = await temporaryDirectory()
  const add = ['device', 'add', 'd', ...place, '--data', data]
  writeFileSync(join(data, 'letter.txt'), '')
  expect(await lintel(...add)).toMatchObject({
    code: 78,
    stderr: expect.stringContaining('is --data right?'),
  })
  expect((await lintel('doctor', '--data', data)).code).toBe(78)
  expect(readdirSync(data)).toEqual(['letter.txt'])
  rmSync(join(data, 'letter.txt'))
  expect((await lintel('doctor', '--data', data)).stdout).toContain('empty, lintel up begins in it')
  expect((await lintel('device', 'list', '--data', data)).code).toBe(78)
  expect(readdirSync(data)).toEqual([])
  expect(await lintel(...add)).toMatchObject({ code: 0, stderr: '' })
}, 60_000)

test('a command of another user than that of the service says so in one line', async () => {
  const data = join(await temporaryDirectory(), 'lintel')
  prepareDataDirectory(dataPaths(data))
  const isRoot = process.getuid?.() === 0
  if (!isRoot) chmodSync(data, 0)
  const answer = isRoot
    ? await run('setpriv', [
        '--reuid=65534',
        '--clear-groups',
        process.execPath,
        main,
        'flow',
        '--data',
        data,
      ])
    : await lintel('flow', '--data', data)
  if (!isRoot) chmodSync(data, 0o700)
  expect([answer.code, answer.stderr]).toEqual([
    78,
    `CONFIG_INVALID: this user may not use ${data}: run the command as the user of the service, such as sudo -u lintel lintel …\n`,
  ])
}, 30_000)

test('a file that cannot be written is told in one line', async () => {
  const data = await temporaryDirectory()
  const out = join(data, 'nowhere', 'x.csv')
  await lintel('device', 'add', 'd', ...place, '--data', data)
  const { code, stderr } = await lintel('export', '--out', out, '--data', data)
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/^error: ENOENT: no such file or directory, open '.*x\.csv\.part'\n$/),
  ])
}, 30_000)
