/** A part of a process that runs: its constructor only assigned, `start` acts, `stop` undoes. */
export interface Part {
  readonly name: string
  start?(): Promise<void>
  stop(): Promise<void>
}

export interface Running {
  /** Stops every part in reverse order; the first error is thrown once all of them were asked. */
  stop(): Promise<void>
}

/**
 * Starts parts in order. When one fails, it and those before it are stopped in reverse, then it throws:
 * a `start` that failed halfway has something to undo, so `stop` must bear a part that never ran.
 */
export async function startAll(parts: readonly Part[]): Promise<Running> {
  const started: Part[] = []
  try {
    for (const part of parts) {
      started.push(part)
      await part.start?.()
    }
  } catch (error) {
    await stopAll(started).catch(() => {})
    throw error
  }
  let stopping: Promise<void> | undefined
  return {
    stop() {
      stopping ??= stopAll(started)
      return stopping
    },
  }
}

async function stopAll(parts: readonly Part[]): Promise<void> {
  const errors: unknown[] = []
  for (const part of parts.toReversed()) {
    try {
      await part.stop()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}

/** Does something again and again, from the start of the process to its stop. */
export function repeat(name: string, everyMs: number, act: () => void): Part {
  let timer: NodeJS.Timeout | undefined
  return {
    name,
    async start() {
      timer = setInterval(act, everyMs)
    },
    async stop() {
      clearInterval(timer)
    },
  }
}
