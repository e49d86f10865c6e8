import type { Config } from '../../config/config.ts'
import { secondMs } from '../../core/clock.ts'
import type { DataPaths } from '../../core/data-directory.ts'
import { startOfDayIn } from '../../flow/zone.ts'
import type { Holds } from '../../gateway/snapshots/holds.ts'
import { lookAtPictures, type PictureHolding } from '../../gateway/snapshots/picture-holdings.ts'
import type { SnapshotReader } from '../../gateway/snapshots/snapshots.ts'
import type { DeletionReader } from '../../ingest/retention/deletions.ts'
import type { Retention, RetentionDays } from '../../ingest/retention/retention.ts'

/** The parts that the retention operations work on. */
export interface RetentionParts {
  readonly deletions: DeletionReader
  readonly days: RetentionDays
  readonly startOfDay: (ms: number) => number
  readonly erase: Retention['erase']
  readonly pictures: (now: number) => Promise<PictureHolding[]>
}

export interface RetentionSources {
  readonly config: Config
  readonly paths: DataPaths
  readonly deletions: DeletionReader
  readonly retention: Retention
  readonly snapshots: SnapshotReader
  readonly holds: Holds
}

/** Those parts, in a process that has the store. */
export function retentionParts(sources: RetentionSources): RetentionParts {
  const { config, paths, deletions, retention, snapshots: reader, holds } = sources
  const { maxWaitingS, keepS, originals } = config.snapshots
  const keepMs = {
    waiting: maxWaitingS * secondMs,
    redacted: keepS * secondMs,
    // If originals are no longer kept, any that are left should have been deleted long ago.
    original: (originals?.keepS ?? 0) * secondMs,
  }
  const { waiting, snapshots } = paths
  return {
    deletions,
    days: config.retention,
    startOfDay: startOfDayIn(config.zone),
    erase: retention.erase,
    pictures: now => lookAtPictures({ waiting, snapshots, keepMs, reader, isHeld: holds.isHeld }, now),
  }
}
