import { appendFile, mkdir, readdir, readFile, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { writeWhole } from '../../core/files.ts'
import { formatRfc3339 } from '../../core/rfc3339.ts'
import type { State } from '../../core/state/state.ts'
import { createPictureIndex, type PictureIndex } from './picture-index.ts'
import {
  type DeletionReason,
  keyText,
  type Picture,
  type PictureKey,
  type SnapshotReader,
  type SnapshotStats,
  type Snapshots,
} from './snapshots.ts'

export interface FileSnapshotOptions {
  readonly directory: string
  /** The state with the index; this process writes it. */
  readonly state: State
  readonly clock: Clock
  readonly keepBytes: number
  readonly keepMs: number
  /** False while the clock is in doubt: then nothing is deleted because of its age. */
  readonly mayDelete?: () => boolean
  /** True if somebody wants the picture kept longer. */
  readonly isHeld: (key: PictureKey) => boolean
}

const extension = '.jpg'
const dayName = /^\d{4}-\d\d-\d\d$/
/** Rows in one transaction. */
const page = 500

const dayOf = (ms: number) => formatRfc3339(ms).slice(0, 10)
/** The name tells where the picture is, and nothing about whose it is. */
const pathOf = (directory: string, { restedAt, position }: Picture) =>
  join(directory, dayOf(restedAt), `${position}${extension}`)

export function openFileSnapshotReader({
  directory,
  state,
}: Pick<FileSnapshotOptions, 'directory' | 'state'>): SnapshotReader {
  return readerOf(directory, createPictureIndex(state))
}

function readerOf(directory: string, index: PictureIndex): SnapshotReader {
  return {
    find: key => index.find(key),
    list: query => index.list(query),
    after: (position, limit) => index.after(position, limit),
    async read(key) {
      const picture = index.find(key)
      if (picture === undefined) return undefined
      return readFile(pathOf(directory, picture)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      })
    },
  }
}

/** Pictures in files, one directory a day, with an index. `reconcile` removes the drafts of a run that was killed. */
export async function openFileSnapshots({
  directory,
  state,
  clock,
  keepBytes,
  keepMs,
  mayDelete = () => true,
  isHeld,
}: FileSnapshotOptions): Promise<Snapshots> {
  const index = createPictureIndex(state)
  const deleted: Record<DeletionReason, number> = { age: 0, room: 0, orphan: 0 }
  /** Positions whose file may exist before its row. */
  const writing = new Set<number>()
  // A new index may replace one that was lost: it begins at the time, so that no position comes a second time.
  let last = index.last() || clock()
  let pictures = 0
  let bytes = 0
  let held = 0

  for (const picture of everyPicture()) {
    pictures++
    bytes += picture.bytes
  }

  function* everyPicture(): Generator<Picture> {
    for (let position = 0; ; ) {
      const rows = index.after(position, page)
      yield* rows
      if (rows.length < page) return
      position = rows.at(-1)!.position
    }
  }

  /** Deletes the file first, which makes room even on a full disk; `reconcile` finds a row without a file. */
  async function remove(doomed: readonly Picture[], reason: DeletionReason): Promise<void> {
    for (const picture of doomed) await rm(pathOf(directory, picture), { force: true })
    await index.remove(doomed)
    for (const picture of doomed) {
      pictures--
      bytes -= picture.bytes
      deleted[reason]++
    }
    await log(
      doomed.map(({ device, event, restedAt, bytes }) => ({
        device,
        event,
        restedAt: formatRfc3339(restedAt),
        bytes,
      })),
      reason,
    )
  }

  /** Logs a line for each deletion, in a file for each month: proof that what should be gone was deleted. */
  async function log(lines: readonly object[], reason: DeletionReason): Promise<void> {
    const at = formatRfc3339(clock())
    const text = lines.map(line => `${JSON.stringify({ at, reason, ...line })}\n`).join('')
    await appendFile(join(directory, `deleted-${at.slice(0, 7)}.log`), text, { mode: 0o600 })
  }

  /** Removes the oldest first, without those that are held, until `isEnough`. Returns how many held ones it passed. */
  async function removeOldest(
    reason: DeletionReason,
    isEnough: (picture: Picture) => boolean,
  ): Promise<number> {
    let kept = 0
    let doomed: Picture[] = []
    for (const picture of everyPicture()) {
      if (isEnough(picture)) break
      if (isHeld(picture)) kept++
      else doomed.push(picture)
      if (doomed.length < page) continue
      await remove(doomed, reason)
      doomed = []
    }
    if (doomed.length > 0) await remove(doomed, reason)
    return kept
  }

  async function days(): Promise<string[]> {
    return (await readdir(directory)).filter(name => dayName.test(name))
  }

  async function reconcileDay(day: string): Promise<void> {
    const names = await readdir(join(directory, day))
    for (const name of names) {
      const position = name.endsWith(extension) ? Number(name.slice(0, -extension.length)) : Number.NaN
      const row = index.at(position)
      if (writing.has(Number.parseInt(name, 10)) || (row !== undefined && dayOf(row.restedAt) === day))
        continue
      await rm(join(directory, day, name), { force: true })
      deleted.orphan++
      await log([{ file: `${day}/${name}` }], 'orphan')
    }
    // Fails, as it should, if something is in it.
    if (names.length === 0 && day !== dayOf(clock())) await rmdir(join(directory, day)).catch(() => {})
  }

  const putting = new Map<string, Promise<Picture>>()
  async function put(picture: Parameters<Snapshots['put']>[0], jpeg: Buffer): Promise<Picture> {
    const { device, event, at, place, urgent } = picture
    const row: Picture = {
      device,
      event,
      at,
      place,
      urgent,
      position: ++last,
      restedAt: clock(),
      bytes: jpeg.length,
    }
    const path = pathOf(directory, row)
    writing.add(row.position)
    try {
      await mkdir(join(directory, dayOf(row.restedAt)), { recursive: true, mode: 0o700 })
      await writeWhole(path, `${path}.new`, jpeg, row.restedAt)
      await index.add(row)
    } finally {
      writing.delete(row.position)
    }
    pictures++
    bytes += row.bytes
    return row
  }

  return {
    ...readerOf(directory, index),
    async put(picture, jpeg) {
      const key = keyText(picture)
      const underWay = putting.get(key)
      if (underWay !== undefined) return underWay
      const known = index.find(picture)
      if (known !== undefined) return known
      const done = put(picture, jpeg).finally(() => putting.delete(key))
      putting.set(key, done)
      return done
    },
    async sweep() {
      const before = clock() - keepMs
      if (mayDelete()) held = await removeOldest('age', ({ restedAt }) => restedAt >= before)
      let excess = bytes - keepBytes
      await removeOldest('room', picture => {
        if (excess <= 0) return true
        if (!isHeld(picture)) excess -= picture.bytes
        return false
      })
    },
    async reconcile() {
      const there = new Set<string>()
      for (const day of await days()) {
        await reconcileDay(day)
        for (const name of await readdir(join(directory, day)).catch(() => [])) there.add(`${day}/${name}`)
      }
      const gone: Picture[] = []
      for (const picture of everyPicture()) {
        const isThere = there.has(`${dayOf(picture.restedAt)}/${picture.position}${extension}`)
        if (!isThere && picture.restedAt < clock() - minuteOld) gone.push(picture)
      }
      if (gone.length > 0) await remove(gone, 'orphan')
    },
    stats: (): SnapshotStats => ({ pictures, bytes, held, deleted: { ...deleted } }),
  }
}

/** A younger picture may have come to rest while the directories were being read. */
const minuteOld = 60_000
