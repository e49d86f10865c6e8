import { LintelError } from '../../core/errors.ts'
import { type Exported, exportRows } from '../../flow/export/export-rows.ts'
import type { Viewer } from '../viewer.ts'
import type { OperationParts } from './operation-parts.ts'
import type { Operations } from './operations.ts'

/** Each export holds a database query and a half-written file: more would slow down everybody else. */
const maxAtOnce = 4
/** Per account or token, so that a slow reader leaves room for others. */
const maxOfOne = 2

/** Shared by all users. */
export function createExportOperations({
  store,
  defaultZone,
}: Pick<OperationParts, 'store' | 'defaultZone'>): (viewer: Viewer) => Pick<Operations, 'exportRows'> {
  const running = new Map<symbol, string>()

  return ({ as, name, sites }) => ({
    async exportRows({ zone = defaultZone, ...question }, signal) {
      if (store === undefined)
        throw new LintelError(
          'STORE_UNAVAILABLE',
          'this is a gateway alone: ask the centre that it reports to',
        )
      if (running.size >= maxAtOnce)
        throw new LintelError('EXPORT_BUSY', `${maxAtOnce} exports are under way: try again when one is done`)
      const who = `${as} ${name}`
      if ([...running.values()].filter(other => other === who).length >= maxOfOne)
        throw new LintelError('EXPORT_BUSY', `${maxOfOne} exports of yours are under way: try again when one is done`) // biome-ignore format: one line
      const place = Symbol('export')
      const leave = () => void running.delete(place)
      running.set(place, who)
      // Also frees the place of an export whose bytes nobody asks for.
      signal?.addEventListener('abort', leave)
      try {
        const exported = await exportRows({ zone, ...question }, store, sites, signal)
        return { ...exported, bytes: leaving(exported.bytes, leave) }
      } catch (error) {
        leave()
        throw error
      }
    },
  })
}

async function* leaving(bytes: Exported['bytes'], leave: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes
  } finally {
    leave()
  }
}
