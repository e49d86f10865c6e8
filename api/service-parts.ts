import { statfs } from 'node:fs/promises'
import type { Config } from '../config/config.ts'
import type { DataPaths } from '../core/data-directory.ts'
import type { ServiceParts } from './operations/overview-view.ts'

interface Given extends Pick<ServiceParts, 'startedAt' | 'url' | 'recent' | 'restarts'> {
  readonly paths: DataPaths
  readonly config: Config
}

/** Facts that a running service knows of itself and of its data disk. */
export function servicePartsOf({ paths, config, ...known }: Given): ServiceParts {
  return {
    ...known,
    // The supervisor, which started this process.
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
