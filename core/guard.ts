import { secondMs } from './clock.ts'
import type { GuardedFiles } from './guarded-files.ts'
import type { Part } from './lifecycle.ts'

export const guardEveryMs = secondMs

/** Looks every second whether the files that a process has open are still there; tells DATA_GONE once. */
export function createGuard(files: GuardedFiles, onGone: (error: unknown) => void): Part {
  let timer: NodeJS.Timeout | undefined
  let isLooking = false

  /** One look at a time: a disk that hangs is asked once. */
  async function look(): Promise<void> {
    if (isLooking) return
    isLooking = true
    try {
      await files.checkLater()
    } catch (error) {
      // Files that are being closed may go.
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
