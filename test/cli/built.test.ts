import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { entries } from '../../cli/build/build.ts'
import { builtDirectory, findBuilt } from '../../cli/build/built.ts'
import { run } from '../support/command.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** A checkout of files of a line each. */
async function checkout(): Promise<string> {
  const root = await temporaryDirectory()
  writeFileSync(join(root, 'package.json'), '{}')
  for (const room of ['alerts', 'api', 'config', 'core', 'devices', 'flow', 'models'])
    mkdirSync(join(root, room))
  for (const path of entries) {
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, `${path}.ts`), `console.log('${path}' as string)\n`)
  }
  return root
}

const outputOf = async (file: string | undefined) => (await run(process.execPath, [file!])).stdout

describe('what is built of the sources', () => {
  test('is built once, and again when a file is another, newer, new or gone', async () => {
    const root = await checkout()
    const first = (await findBuilt(root))!
    expect(await outputOf(first)).toBe('cli/program\n')
    expect(await findBuilt(root)).toBe(first)
    const program = join(root, 'cli/program.ts')
    const changes = [
      () => writeFileSync(program, "console.log('other')\n"),
      () => utimesSync(program, 1, 1),
      () => writeFileSync(join(root, 'core/new.ts'), ''),
      () => writeFileSync(join(root, 'package.json'), '{ }'),
    ]
    const found = [builtDirectory(root)]
    for (const change of changes) {
      change()
      found.push(builtDirectory(root))
    }
    expect(new Set(found).size).toBe(1 + changes.length)
    expect(await outputOf(await findBuilt(root))).toBe('other\n')
    // A service may still run from what was built before.
    expect(existsSync(first)).toBe(true)
  })

  test('is whole or not there: a file that is half edited, or several that build at once', async () => {
    const root = await checkout()
    const files = await Promise.all([findBuilt(root), findBuilt(root), findBuilt(root)])
    expect(new Set(files).size).toBe(1)
    writeFileSync(join(root, 'ingest/main.ts'), 'const half = {')
    expect(await findBuilt(root)).toBeUndefined()
    expect(readdirSync(join(root, 'node_modules/.cache/built'))).toHaveLength(1)
  })

  test('is not needed where nothing can be written', async () => {
    const root = await checkout()
    writeFileSync(join(root, 'node_modules'), 'no directory')
    expect(await findBuilt(root)).toBeUndefined()
  })

  test('is what the command of this checkout runs from', async () => {
    const root = join(import.meta.dirname, '..', '..')
    expect(existsSync((await findBuilt(root))!)).toBe(true)
  })
})
