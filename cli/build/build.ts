import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { rolldown } from 'rolldown'
import { dayMs } from '../../core/clock.ts'

/** Each is the file of a process or thread. */
export const entries = [
  'cli/program',
  'gateway/main',
  'gateway/admit/waiting-files-thread',
  'gateway/journal/lmdb-thread',
  'gateway/tagger/main',
  'gateway/tagger/worker/main',
  'gateway/tagger/worker/veil-thread',
  'gateway/uplink/main',
  'ingest/main',
]
/** These load native code that is beside their own files. */
const native = ['lmdb', 'msgpackr', 'sharp', 'onnxruntime-node', '@duckdb/node-api', '@duckdb/node-bindings']
/** A running service may still restart a process from an older build. */
const keepDays = 7
const keepAtLeast = 5

/**
 * Bundles sources and JavaScript packages into a few files in `directory`, which is either complete or absent. Rejects
 * if the build fails.
 */
export async function build(root: string, directory: string): Promise<void> {
  const cache = dirname(directory)
  mkdirSync(cache, { recursive: true })
  const place = mkdtempSync(join(cache, '.new-'))
  try {
    const bundle = await rolldown({
      cwd: root,
      input: Object.fromEntries(entries.map(path => [path, join(root, `${path}.ts`)])),
      platform: 'node',
      external: native,
      logLevel: 'silent',
    })
    const names = { entryFileNames: '[name].mjs', chunkFileNames: 'shared/[name]-[hash].mjs' }
    await bundle.write({ dir: place, format: 'esm', ...names })
    await bundle.close()
    removeOld(cache)
    // Root may build, but the service's account has to read it.
    chmodSync(place, 0o755)
    renameSync(place, directory)
  } catch (error) {
    // Another process finished first.
    if (!existsSync(directory)) throw error
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

function removeOld(cache: string): void {
  const built = readdirSync(cache)
    .map(name => ({ path: join(cache, name), builtAt: statSync(join(cache, name)).mtimeMs }))
    .sort((a, b) => b.builtAt - a.builtAt)
  const until = Date.now() - keepDays * dayMs
  for (const { path, builtAt } of built.slice(keepAtLeast))
    if (builtAt < until) rmSync(path, { recursive: true, force: true })
}
