/**
 * Asks the engine to collect, where the process was started so that it can be asked: behind much that was read once, which it
 * would else leave lying while it waits for more.
 */
export const collect = async (): Promise<void> =>
  void (await globalThis.gc?.({ type: 'major', execution: 'async' }))
