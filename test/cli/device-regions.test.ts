import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lintel } from '../support/command.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const mask = [[[0, 0], [0.3, 0], [0.3, 0.5]]] // biome-ignore format: corners

test('the turn of a camera is set beside its mask, which goes along with it', async () => {
  const data = await temporaryDirectory()
  const file = join(data, '..', `${data.split('/').at(-1)}.json`)
  writeFileSync(file, JSON.stringify({ mask }))
  const place = ['--site', 's', '--building', 'b', '--point', 'p']
  await lintel('device', 'add', 'd1', ...place, '--data', data)
  const regions = async (...args: string[]) => {
    const { stdout, stderr, code } = await lintel(
      'device',
      'regions',
      'd1',
      ...args,
      '--data',
      data,
      '--json',
    )
    return code === 0 ? JSON.parse(stdout) : stderr
  }
  expect(await regions('--turned', '90')).toEqual({ turned: 90 })
  expect(await regions('--set', file)).toEqual({ mask, turned: 90 })
  expect(await regions('--turned', '180')).toEqual({
    mask: [[[1, 0], [1, 0.3], [0.5, 0.3]]],
    turned: 180,
  }) // biome-ignore format: corners
  expect(await regions('--turned', '45')).toContain('0, 90, 180, 270')
  expect(await regions('--clear')).toEqual({ message: 'the whole picture' })
}, 60_000)
