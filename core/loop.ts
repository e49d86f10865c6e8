import type { Part } from './lifecycle.ts'
import { createSleeper } from './sleeper.ts'

export interface Loop extends Required<Part> {
  /** False once the loop is asked to stop. A long turn checks it. */
  isRunning(): boolean
  /** Waits within a turn; ends at once when the loop is asked to stop. */
  rest(ms: number): Promise<void>
}

/**
 * Runs one turn after the other from `start` to `stop`, which waits for the last. A turn resolves to the ms to rest
 * before the next, and never rejects.
 */
export function createLoop(name: string, turn: () => Promise<number>): Loop {
  const sleeper = createSleeper()
  let running = false
  let turning: Promise<void> = Promise.resolve()

  async function run(): Promise<void> {
    while (running) {
      const ms = await turn()
      // Yields to the event loop in any case.
      if (ms > 0) await rest(ms)
      else await new Promise(resolve => setImmediate(resolve))
    }
  }
  const rest = async (ms: number) => {
    if (running) await sleeper.sleep(ms)
  }

  return {
    name,
    async start() {
      running = true
      turning = run()
    },
    async stop() {
      running = false
      sleeper.wake()
      await turning
    },
    isRunning: () => running,
    rest,
  }
}
