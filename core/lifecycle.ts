/** A part of a running process: its constructor only assigns, `start` acts, `stop` undoes. */
export interface Part {
  readonly name: string
  start?(): Promise<void>
  stop(): Promise<void>
}

export interface Running {
  /** Stops every part in reverse order, then throws the first error if there was one. */
  stop(): Promise<void>
}

/**
 * Starts parts in order. If one fails, stops it and those before it in reverse order, then throws. A `start` that failed
 * halfway has something to undo, so `stop` must accept a part that never ran.
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

/** Calls `act` again and again, from the start of the part to its stop. */
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
