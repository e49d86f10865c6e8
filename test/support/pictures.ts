import { readFile } from 'node:fs/promises'
import { createMemoryState } from '../../core/state/memory-state.ts'
import { createDeviceRegions } from '../../devices/registry/device-regions.ts'
import { createHolds } from '../../gateway/snapshots/holds.ts'
import {
  keyText,
  type Picture,
  type PictureKey,
  type SnapshotReader,
} from '../../gateway/snapshots/snapshots.ts'

/** One of the photographs in models/samples. */
export function samplePicture(name: 'campus' | 'car' | 'motorcycle' | 'portrait'): Promise<Buffer> {
  return readFile(new URL(`../../models/samples/${name}.jpg`, import.meta.url))
}

/** Pictures at rest, in memory. */
export function createSnapshotFake() {
  const pictures: Picture[] = []
  const jpegs = new Map<string, Buffer>()
  const find = (key: PictureKey) => pictures.find(picture => keyText(picture) === keyText(key))
  const reader: SnapshotReader = {
    find,
    list({ device, from = 0, to = Number.POSITIVE_INFINITY, after, limit }) {
      const all = pictures
        .filter(picture => device === undefined || picture.device === device)
        .filter(({ at }) => at >= from && at < to)
        .toSorted((a, b) => b.at - a.at)
      const begin =
        after === undefined ? 0 : all.findIndex(picture => keyText(picture) === keyText(after)) + 1
      return all.slice(begin, begin + limit)
    },
    after: (position, limit) => pictures.filter(picture => picture.position > position).slice(0, limit),
    read: async key => jpegs.get(keyText(key)),
  }
  return {
    ...reader,
    add(picture: Picture, jpeg: Buffer) {
      pictures.push(picture)
      jpegs.set(keyText(picture), jpeg)
    },
  }
}

/** What an API has of pictures where there are none. */
export async function noPictures() {
  const state = createMemoryState()
  return {
    snapshots: createSnapshotFake(),
    holds: createHolds(state),
    regions: createDeviceRegions(state),
  }
}
