/**
 * Runs a full garbage collection, if Node was started with --expose-gc. Call it after a large one-off read: the engine
 * would keep that garbage until it needs more memory.
 */
export const collect = async (): Promise<void> =>
  void (await globalThis.gc?.({ type: 'major', execution: 'async' }))
