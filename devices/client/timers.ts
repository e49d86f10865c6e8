/** Calls back after `ms`, unless the returned function is called before. */
export type After = (ms: number, call: () => void) => () => void

export const systemAfter: After = (ms, call) => {
  const timer = setTimeout(call, ms)
  return () => clearTimeout(timer)
}
