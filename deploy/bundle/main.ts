import { createHash } from 'node:crypto'
import {
  chmodSync, copyFileSync, createReadStream, createWriteStream, lutimesSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync,
} from 'node:fs' // biome-ignore format: one line
import { dirname, join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from '../../cli/build/build.ts'
import { builtDirectory } from '../../cli/build/built.ts'
import manifest from '../../package.json' with { type: 'json' }
import { contentsOf, nodeOf } from './contents.ts'
import { writeArchive } from './write-archive.ts'

// Makes one archive that runs without npm and without a network, on a machine of the same system.
const root = fileURLToPath(new URL('../..', import.meta.url))
const { values } = parseArgs({ options: { out: { type: 'string', default: join(root, 'dist') } } })
const { platform, arch } = process
const name = `lintel-${manifest.version}-${platform}-${arch}`
const archive = join(values.out, `${name}.tar.gz`)
/** Time of every file, so that the same content gives the same archive; all archive formats can express it. */
const time = Number(process.env.SOURCE_DATE_EPOCH ?? Date.UTC(1980, 0, 1) / 1000)

mkdirSync(values.out, { recursive: true })
const stage = mkdtempSync(join(values.out, '.bundle-'))
try {
  const entries: string[] = []
  /** Makes an entry of the archive; its path begins with the archive's name. */
  const put = (path: string, make: (to: string) => void) => {
    const to = join(stage, name, path)
    mkdirSync(dirname(to), { recursive: true })
    make(to)
    lutimesSync(to, time, time)
    entries.push(`${name}/${path}`)
  }

  for (const path of contentsOf(root, process)) {
    const from = join(root, path)
    put(path, to => {
      copyFileSync(from, to)
      chmodSync(to, statSync(from).mode & 0o100 ? 0o755 : 0o644)
    })
  }
  const node = nodeOf(root, process)
  if (platform === 'win32')
    put('lintel.cmd', to => writeFileSync(to, `@"${node === undefined ? 'node' : `%~dp0${node}`}" "%~dp0cli/main.ts" %*\r\n`))
  else {
    put('lintel', to => symlinkSync('cli/lintel', to))
    const bin = 'node_modules/.bin/node'
    if (node !== undefined) put(bin, to => symlinkSync(relative(dirname(bin), node), to))
  }
  put('INSTALL.txt', to => copyFileSync(fileURLToPath(new URL('INSTALL.txt', import.meta.url)), to))

  // The build directory depends on the files as they are in the archive.
  const home = join(stage, name)
  const built = builtDirectory(home)
  await build(root, built)
  for (const entry of readdirSync(built, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) put(relative(home, join(entry.parentPath, entry.name)), () => {})

  await writeArchive(stage, entries.sort(), createWriteStream(archive))
  const hash = createHash('sha256')
  await pipeline(createReadStream(archive), hash)
  const megabytes = (statSync(archive).size / 1e6).toFixed(0)
  console.log(`${archive}: ${entries.length} files, ${megabytes} MB, sha256 ${hash.digest('hex')}`)
  console.log(node === undefined ? 'without Node: no package has it for this system, Node 24 must be there' : `with Node, of ${node}`)
} finally {
  rmSync(stage, { recursive: true, force: true })
} // biome-ignore format: long lines
