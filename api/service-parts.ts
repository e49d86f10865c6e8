import { statfs } from 'node:fs/promises'
import type { Config } from '../config/config.ts'
import type { DataPaths } from '../core/data-directory.ts'
import type { ServiceParts } from './operations/overview-view.ts'

interface Given extends Pick<ServiceParts, 'startedAt' | 'url' | 'recent' | 'restarts'> {
  readonly paths: DataPaths
  readonly config: Config
}

/** A service that is up knows this of itself, and of the disk that its data is on. */
export function servicePartsOf({ paths, config, ...known }: Given): ServiceParts {
  return {
    ...known,
    // This process was started by the supervisor.
    pid: process.ppid,
    async disk() {
      const { bavail, bsize } = await statfs(paths.root)
      return { freeBytes: bavail * bsize, reserveBytes: config.journal.reserveBytes }
    },
    configured: {
      taggerWorkers: config.tagger.workers,
      taggerMaxBacklog: config.tagger.maxBacklog,
      uplink: config.uplink !== undefined,
    },
  }
}
