/** Sleep of a loop: ends after `ms`, or on wake(). A wake() that comes before sleep() makes the next sleep() return at once. */
export function createSleeper() {
  let isWoken = false
  let end: (() => void) | undefined
  return {
    sleep(ms: number): Promise<void> {
      return new Promise(resolve => {
        const timer = setTimeout(done, Math.max(ms, 0))
        function done() {
          isWoken = false
          end = undefined
          clearTimeout(timer)
          resolve()
        }
        end = done
        if (isWoken) done()
      })
    },
    wake(): void {
      isWoken = true
      end?.()
    },
  }
}
