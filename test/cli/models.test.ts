import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { bundledModels } from '../../models/model-file.ts'
import { writeTiny } from '../models/tiny-model.ts'
import { lintel, main, run } from '../support/command.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const sample = (name: string) => fileURLToPath(new URL(`../../models/samples/${name}`, import.meta.url))

describe('lintel models check', () => {
  test('prints what the model found and how long it took', async () => {
    const { code, stdout } = await lintel('models', 'check', bundledModels.objects)
    expect(stdout).toMatch(/^kind +score +left +top +right +bottom\nperson +0\.\d+/)
    expect(stdout).toMatch(
      /nanodet-g \(Apache-2\.0\) is what its manifest says: \d+ found on 768 × 576 in [\d.]+ ms/,
    )
    expect(code).toBe(0)
  })

  test('prints one JSON value for programs', async () => {
    const { stdout } = await lintel(
      'models',
      'check',
      bundledModels.faces,
      '--sample',
      sample('portrait.jpg'),
      '--json',
    )
    expect(JSON.parse(stdout)).toMatchObject({
      model: 'blazeface-back',
      picture: { width: 512, height: 512 },
      found: [{ kind: 'face' }],
      ms: expect.any(Number),
    })
  })

  test('leaves nothing in the home directory, and so has nothing to send to anybody', async () => {
    const home = await temporaryDirectory()
    const env = { ...process.env, HOME: home, XDG_CACHE_HOME: join(home, '.cache') }
    const { code } = await run(process.execPath, [main, 'models', 'check', bundledModels.objects], '', env)
    expect(code).toBe(0)
    expect(await readdir(home)).toEqual([])
  })

  test('refuses a model that was changed, in one line, and fails', async () => {
    const path = writeTiny(await temporaryDirectory(), { sha256: 'f'.repeat(64) })
    const { code, stdout, stderr } = await lintel('models', 'check', path)
    expect(stderr).toMatch(/^MODEL_HASH_WRONG: .*\n$/)
    expect(stdout).toBe('')
    expect(code).toBe(1)
  })

  test('refuses a sample that is no picture', async () => {
    const { code, stderr } = await lintel(
      'models',
      'check',
      bundledModels.objects,
      '--sample',
      sample('NOTICE.md'),
    )
    expect(stderr).toMatch(/^PICTURE_UNREADABLE: .*\n$/)
    expect(code).toBe(1)
  })
})
