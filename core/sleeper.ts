/** For a loop: sleeps for a while, or until somebody wakes it; who wakes it while it is up keeps it from falling asleep. */
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
