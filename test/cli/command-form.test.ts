import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { version } from '../../core/version.ts'
import { run } from '../support/command.ts'
import { needsProgram } from '../support/programs.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const texts = /\.(md|ts|js|html|ya?ml|json|sh|py|c|service)$/

const files = readdirSync(root, { withFileTypes: true })
  .filter(({ name }) => name !== 'node_modules' && !name.startsWith('.') && !name.startsWith('data'))
  .flatMap(entry =>
    entry.isDirectory()
      ? readdirSync(`${root}${entry.name}`, { recursive: true, encoding: 'utf8' }).map(
          name => `${entry.name}/${name}`,
        )
      : [entry.name],
  )
  .filter(name => texts.test(name))

test('no text has a registry asked for the command', () => {
  expect(files).toEqual(
    expect.arrayContaining(['README.md', 'docs/rules.md', 'api/pages/page.js', 'cli/main.ts']),
  )
  const wrong = files.filter(name =>
    /\bnpx (?!--no-install )(?:-\S+ )*lintel\b/.test(readFileSync(`${root}${name}`, 'utf8')),
  )
  expect(wrong).toEqual([])
})

test('the package has a scope and is not published', () => {
  const { name, private: isPrivate } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  expect(name).toMatch(/^@[a-z]+\/[a-z]+$/)
  expect(isPrivate).toBe(true)
})

test('npx runs it in a checkout, though no registry answers and nothing is cached', async context => {
  needsProgram(context, 'npx', 'comes with Node')
  const env = {
    ...process.env,
    npm_config_registry: 'http://127.0.0.1:9/',
    npm_config_cache: await temporaryDirectory(),
  }
  const { code, stdout } = await run(
    'sh',
    ['-c', `cd '${root}' && npx --no-install lintel --version`],
    '',
    env,
  )
  expect({ code, stdout: stdout.trim() }).toEqual({ code: 0, stdout: version })
})
