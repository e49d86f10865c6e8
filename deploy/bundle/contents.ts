import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folders = [
  'alerts',
  'api',
  'cli',
  'config',
  'core',
  'deploy',
  'devices',
  'docs',
  'examples',
  'flow',
  'gateway',
  'ingest',
  'models',
]
const files = [
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'LICENSE',
  'README.md',
  'README.zh-CN.md',
  'package.json',
]
/** Files of Node's package besides its binary, and files that only compilers and debuggers read. */
const leftOut = /^node_modules\/node-[^/]+\/(?:include|share)\/|^node_modules\/.*(?:\.d\.[cm]?ts|\.map)$/

export interface System {
  /** In Node's words: `linux`, `x64`. */
  readonly platform: string
  readonly arch: string
}

/** The Node binary in the installed packages for this system, if there is one. */
export function nodeOf(root: string, { platform, arch }: System): string | undefined {
  const [os, program] = platform === 'win32' ? ['win', 'node.exe'] : [platform, 'node']
  const path = `node_modules/node-${os}-${arch}/bin/${program}`
  return existsSync(join(root, path)) ? path : undefined
}

/** Paths of everything in a bundle, sorted: the code, and all packages except those only for development. */
export function contentsOf(root: string, system: System): string[] {
  const runtimes = `node_modules/onnxruntime-node/bin/`
  const runtime = new RegExp(`^${runtimes}[^/]+/${system.platform}/${system.arch}/`)
  return [...folders.flatMap(folder => filesIn(root, folder)), ...files, ...packagesOf(root).flatMap(path => filesIn(root, path))]
    .filter(path => !leftOut.test(path) && (!path.startsWith(runtimes) || runtime.test(path)))
    .sort() // biome-ignore format: one line
}

/** The packages that npm has installed here, except those for development. */
function packagesOf(root: string): string[] {
  const lock = JSON.parse(readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>
  }
  return Object.entries(lock.packages)
    .filter(([path, { dev }]) => dev !== true && existsSync(join(root, path)))
    .map(([path]) => path)
}

/** All files of a folder, except packages within it, which are listed themselves. */
function filesIn(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesIn(root, path)
    return entry.isFile() ? [path] : []
  })
}
