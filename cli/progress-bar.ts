const barWidth = 40

export interface ProgressBar {
  /** `share` of the work, from 0 to 1. */
  show(share: number, text: string): void
  /** Leaves the last line as it is. */
  stop(): void
}

/** One line on a terminal that is overwritten; nothing if standard error is no terminal, or if `quiet`. */
export function createProgressBar(quiet: boolean, to: NodeJS.WriteStream = process.stderr): ProgressBar {
  const clearToEnd = '\x1b[K'
  let isShown = false
  return {
    show(share, text) {
      if (quiet || !to.isTTY) return
      isShown = true
      const done = Math.min(1, Math.max(0, share))
      const filled = Math.round(done * barWidth)
      const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled)
      to.write(`\r${bar} ${Math.floor(done * 100)} %  ${text}${clearToEnd}`)
    },
    stop() {
      if (isShown) to.write('\n')
      isShown = false
    },
  }
}
