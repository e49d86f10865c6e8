/** Calls back after `ms`; what it returns calls it off. */
export type After = (ms: number, call: () => void) => () => void

export const systemAfter: After = (ms, call) => {
  const timer = setTimeout(call, ms)
  return () => clearTimeout(timer)
}
