import { chmodSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { rolldown } from 'rolldown'
import { dayMs } from '../../core/clock.ts'

/** Each is the file of a process or of a thread. */
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
/** They find native code beside their own files. */
const native = ['lmdb', 'msgpackr', 'sharp', 'onnxruntime-node', '@duckdb/node-api', '@duckdb/node-bindings']
/** A service that runs from one of them may start a process of it again. */
const keepDays = 7
const keepAtLeast = 5

/**
 * Joins the sources and the packages of JavaScript into few files in `directory`, which is there as a whole or not at
 * all. Rejects where it cannot be made.
 */
export async function build(root: string, directory: string): Promise<void> {
  const cache = dirname(directory)
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
    // Root builds, the service's account reads.
    chmodSync(place, 0o755)
    renameSync(place, directory)
  } catch (error) {
    // Another process was faster.
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
