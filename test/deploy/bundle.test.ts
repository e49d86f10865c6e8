import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { builtDirectory } from '../../cli/build/built.ts'
import { version } from '../../core/version.ts'
import { contentsOf } from '../../deploy/bundle/contents.ts'
import { writeArchive } from '../../deploy/bundle/write-archive.ts'
import { run } from '../support/command.ts'
import { needsProgram } from '../support/programs.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { root } from './dockerfile.ts'

test('a bundle has the code and what it needs to run, and nothing of other systems or of development', () => {
  const contents = contentsOf(root, { platform: 'linux', arch: 'x64' })
  for (const path of ['cli/lintel', 'cli/main.ts', 'package.json', 'README.md', 'docs/operating.md', 'node_modules/ws/package.json'])
    expect(contents).toContain(path)
  const wrong = /^(?:test|bench|tools|data|\.|node_modules\/(?:vitest|typescript|@biomejs|\.))|napi-v\d+\/(?!linux\/x64\/)/
  expect(contents.filter(path => wrong.test(path))).toEqual([])
  expect(contents.filter(path => path.includes('onnxruntime-node/bin/'))).not.toEqual([])
  expect(contents).toEqual(contents.toSorted())
}) // biome-ignore format: long lines

test('the same files give the same archive', async context => {
  needsProgram(context, 'tar', 'apt-get install tar')
  const place = await temporaryDirectory()
  for (const name of ['one', 'two'])
    await writeArchive(root, ['LICENSE', 'cli/lintel'], createWriteStream(join(place, name)))
  expect(readFileSync(join(place, 'one')).equals(readFileSync(join(place, 'two')))).toBe(true)
})

test('an unpacked bundle runs where there is neither npm nor another Node', {
  timeout: 180_000,
}, async context => {
  for (const program of ['tar', 'gzip', 'dirname', 'readlink'])
    needsProgram(context, program, 'apt-get install tar gzip coreutils')
  const place = await temporaryDirectory()
  const made = await run(process.execPath, [join(root, 'deploy/bundle/main.ts'), '--out', place])
  expect(made).toMatchObject({ code: 0, stderr: '' })
  const [archive, ...others] = readdirSync(place)
  expect(others).toEqual([])
  expect(await run('tar', ['-xzf', join(place, archive!), '-C', place])).toMatchObject({ code: 0 })
  const home = join(place, archive!.replace('.tar.gz', ''))
  if (!existsSync(join(home, 'node_modules/.bin/node')))
    return context.skip('no package has a Node for this system')

  const programs = join(place, 'programs')
  mkdirSync(programs)
  for (const name of ['dirname', 'readlink'])
    symlinkSync((await run('which', [name])).stdout.trim(), join(programs, name))
  const env = { PATH: programs, HOME: place }
  const command = join(home, 'lintel')
  expect(await run(command, ['--version'], '', env)).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  const looked = await run(command, ['models', 'check', join(home, 'models/nanodet-g.json')], '', env)
  expect(looked).toMatchObject({ code: 0, stdout: expect.stringContaining('person') })

  // Built with it, and for the files as they were unpacked.
  expect(existsSync(builtDirectory(home))).toBe(true)

  const data = join(place, 'data')
  const up = spawn(command, ['up', '--data', data, '--mqtt', '127.0.0.1:0', '--http', '127.0.0.1:0'], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(() => void up.kill('SIGKILL'))
  const ended = once(up, 'exit')
  const [said] = await Promise.race([once(up.stdout, 'data'), ended])
  expect(String(said)).toContain(`lintel ${version} is up`)
  up.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
})
