import { secondMs } from './clock.ts'
import type { GuardedFiles } from './guarded-files.ts'
import type { Part } from './lifecycle.ts'

export const guardEveryMs = secondMs

/** Checks every second that the files a process has open are still there; reports DATA_GONE once. */
export function createGuard(files: GuardedFiles, onGone: (error: unknown) => void): Part {
  let timer: NodeJS.Timeout | undefined
  let isLooking = false

  /** One check at a time, so that a disk that hangs has only one to answer. */
  async function look(): Promise<void> {
    if (isLooking) return
    isLooking = true
    try {
      await files.checkLater()
    } catch (error) {
      // Once stopped, the files are being closed and may disappear.
      if (timer !== undefined) onGone(error)
      clearInterval(timer)
    } finally {
      isLooking = false
    }
  }

  return {
    name: 'guard of files',
    async start() {
      timer = setInterval(() => void look(), guardEveryMs)
    },
    async stop() {
      clearInterval(timer)
      timer = undefined
    },
  }
}
