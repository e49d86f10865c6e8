import { setImmediate } from 'node:timers/promises'
import { dayMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import {
  type Picture,
  type PictureKey,
  type PictureQuery,
  placeOfPicture,
} from '../../gateway/snapshots/snapshots.ts'
import { seesSite, type Viewer } from '../viewer.ts'
import type { OperationParts } from './operation-parts.ts'
import type { Operations, SnapshotView } from './operations.ts'

type SnapshotOperations = Pick<
  Operations,
  'listSnapshots' | 'showSnapshot' | 'readSnapshot' | 'readOriginal' | 'holdSnapshot' | 'releaseSnapshot'
>

const scanAtOnce = 1000
/** Keeps a typing error from holding a picture forever. */
const longestHoldMs = 1095 * dayMs

export function createSnapshotOperations(
  { registry, snapshots, originals, holds, clock }: OperationParts,
  viewer: Viewer,
): SnapshotOperations {
  function viewOf({ place, ...picture }: Picture): SnapshotView {
    const { site = '', building = '', point = '' } = placeOfPicture({ place }, registry.place) ?? {}
    const hold = holds.of(picture)
    return { ...picture, site, building, point, ...(hold === undefined ? {} : { hold }) }
  }

  /** The place where it was taken counts, not where its device stands now. */
  const isMine = (picture: Picture) => seesSite(viewer, placeOfPicture(picture, registry.place)?.site ?? '')

  function find(key: PictureKey): Picture {
    const found = snapshots.find(key)
    if (found !== undefined && isMine(found)) return found
    throw new LintelError(
      'SNAPSHOT_NOT_FOUND',
      `there is no picture of event ${key.event} of ${key.device}: lintel flow --measure pictures --by device,outcome counts what became of them`,
    )
  }

  /** Fills the page completely, however many pictures of other sites lie in between. */
  async function listMine({ limit, ...query }: PictureQuery): Promise<Picture[]> {
    const mine: Picture[] = []
    let { after } = query
    for (;;) {
      const page = snapshots.list({ ...query, ...(after === undefined ? {} : { after }), limit: scanAtOnce })
      mine.push(...page.filter(isMine))
      after = page.at(-1)
      if (mine.length >= limit || page.length < scanAtOnce) return mine.slice(0, limit)
      await setImmediate()
    }
  }

  return {
    async listSnapshots(query) {
      const found = viewer.sites === undefined ? snapshots.list(query) : await listMine(query)
      return found.map(viewOf)
    },
    showSnapshot: async key => viewOf(find(key)),
    async readSnapshot(key) {
      const jpeg = await snapshots.read(find(key))
      if (jpeg !== undefined) return jpeg
      throw new LintelError('SNAPSHOT_NOT_FOUND', `the picture of event ${key.event} is gone`)
    },
    async readOriginal(key) {
      const jpeg = await originals?.(key)
      if (jpeg !== undefined) return jpeg
      const why =
        originals === undefined ? 'no originals are kept by this configuration' : 'it is not kept, any more'
      throw new LintelError(
        'SNAPSHOT_NOT_FOUND',
        `no original of event ${key.event} of ${key.device}: ${why}`,
      )
    },
    async holdSnapshot({ device, event }, hold) {
      const now = clock()
      if (!(hold.until > now && hold.until <= now + longestHoldMs))
        throw new LintelError('API_REQUEST_INVALID', `until must lie ahead, by ${longestHoldMs / dayMs} days at most: hold it anew then`) // biome-ignore format: one line
      await holds.hold(find({ device, event }), { ...hold, at: now })
    },
    async releaseSnapshot(key) {
      // A hold may outlive its picture; only users who see everything can release that one.
      if (viewer.sites !== undefined) find(key)
      if (await holds.release(key)) return
      throw new LintelError(
        'HOLD_NOT_FOUND',
        `nobody holds the picture of event ${key.event} of ${key.device}`,
      )
    },
  }
}
