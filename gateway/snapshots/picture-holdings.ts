import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { minuteMs } from '../../core/clock.ts'
import type { PictureKey, SnapshotReader } from './snapshots.ts'

export const pictureStages = ['waiting', 'redacted', 'original'] as const

/** The picture files of one stage, as the file system has them. */
export interface PictureHolding {
  readonly stage: (typeof pictureStages)[number]
  readonly files: number
  readonly bytes: number
  /** The time at which the oldest was written, epoch ms; absent if there are none. */
  readonly oldestAt?: number
  /** The time for which they are kept, ms; undefined means for ever, since no limit is known any more. */
  readonly keepMs?: number
  /** Files that are kept longer because somebody holds them. */
  readonly held: number
  /** Files that should be gone and are not. */
  readonly overdue: number
}

export interface PictureHoldingParts {
  readonly waiting: string
  readonly snapshots: string
  readonly keepMs: { readonly [S in PictureHolding['stage']]?: number | undefined }
  readonly reader: Pick<SnapshotReader, 'after'>
  readonly isHeld: (key: PictureKey, now: number) => boolean
}

/** Deletion runs once a minute, and a file may be in use meanwhile. */
const graceMs = 10 * minuteMs
const dayName = /^\d{4}-\d\d-\d\d$/
const isPicture = /\.(?:jpg|original)$/

/** Looks at every picture file: some 20,000 a second. It finds files that should be gone, whatever an index says. */
export async function lookAtPictures(
  { waiting, snapshots, keepMs, reader, isHeld }: PictureHoldingParts,
  now: number,
): Promise<PictureHolding[]> {
  const days = (await namesIn(snapshots)).filter(name => dayName.test(name))
  const directories = {
    waiting: [waiting],
    redacted: days.map(day => join(snapshots, day)),
    original: [join(snapshots, 'originals')],
  }
  const isHeldFile = (name: string) => {
    const position = Number.parseInt(name, 10)
    const [picture] = reader.after(position - 1, 1)
    return picture?.position === position && isHeld(picture, now)
  }
  return Promise.all(
    pictureStages.map(async stage => {
      const keep = keepMs[stage]
      const before = keep === undefined ? Number.NEGATIVE_INFINITY : now - keep
      const found = { files: 0, bytes: 0, held: 0, overdue: 0, oldestAt: Number.POSITIVE_INFINITY }
      for (const directory of directories[stage]) {
        for (const name of await namesIn(directory)) {
          const file = isPicture.test(name)
            ? await stat(join(directory, name)).catch(() => undefined)
            : undefined
          if (file === undefined) continue
          found.files++
          found.bytes += file.size
          found.oldestAt = Math.min(found.oldestAt, file.mtimeMs)
          if (file.mtimeMs >= before) continue
          if (stage === 'redacted' && isHeldFile(name)) found.held++
          else if (file.mtimeMs < before - graceMs) found.overdue++
        }
      }
      const { oldestAt, ...counts } = found
      return {
        stage,
        ...counts,
        ...(counts.files === 0 ? {} : { oldestAt: Math.floor(oldestAt) }),
        ...(keep === undefined ? {} : { keepMs: keep }),
      }
    }),
  )
}

const namesIn = (directory: string) => readdir(directory).catch(() => [])
