import type { NewPicture, Picture, SnapshotReader } from '../../gateway/snapshots/snapshots.ts'
import { jpeg } from './messages.ts'
import { somewhere } from './records.ts'

/** RestingPictures at rest that are there until they are deleted. */
export function createRestingPictures() {
  const pictures: Picture[] = []
  const deleted = new Set<string>()
  const reader: Pick<SnapshotReader, 'after' | 'read'> = {
    after: (position, limit) => pictures.filter(picture => picture.position > position).slice(0, limit),
    read: async ({ event }) => (deleted.has(event) ? undefined : jpeg(event.length + 100)),
  }
  return {
    reader: reader as SnapshotReader,
    delete: (event: string) => deleted.add(event),
    add(event: string, change: Partial<NewPicture> = {}) {
      const position = pictures.length + 1
      pictures.push({
        device: 'd1',
        event,
        at: 0,
        place: somewhere,
        urgent: false,
        position,
        restedAt: 0,
        bytes: 9,
        ...change,
      })
    },
  }
}

export type RestingPictures = ReturnType<typeof createRestingPictures>
