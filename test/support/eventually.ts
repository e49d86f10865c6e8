/** Waits for what other sockets, processes or timers bring about; the last failure is thrown when it does not come. */
export async function eventually<T>(
  attempt: () => T | Promise<T>,
  withinMs = 30_000,
): Promise<Exclude<T, false>> {
  const until = performance.now() + withinMs
  for (;;) {
    try {
      const result = await attempt()
      if (result !== false) return result as Exclude<T, false>
      if (performance.now() > until) throw new Error('it did not come about in time')
    } catch (error) {
      if (performance.now() > until) throw error
    }
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
