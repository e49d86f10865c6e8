import type { Part } from './lifecycle.ts'
import { createSleeper } from './sleeper.ts'

export interface Loop extends Required<Part> {
  /** Until it is asked to stop: for a turn that is long. */
  isRunning(): boolean
  /** Within a turn; ends at once when the loop is to stop. */
  rest(ms: number): Promise<void>
}

/**
 * Takes turn after turn from its start until it is stopped, which waits for the last. A turn resolves to how long to
 * rest before the next, in ms, and rejects never.
 */
export function createLoop(name: string, turn: () => Promise<number>): Loop {
  const sleeper = createSleeper()
  let running = false
  let turning: Promise<void> = Promise.resolve()

  async function run(): Promise<void> {
    while (running) {
      const ms = await turn()
      // Others have their turn of the event loop in any case.
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
