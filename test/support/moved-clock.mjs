import { readFileSync } from 'node:fs'

/** Preloaded into every process of a service (NODE_OPTIONS): its clock is off by what the file says, in ms, and follows it within 50 ms. */
const path = process.env.LINTEL_TEST_CLOCK_FILE
const real = Date.now
let off = 0
let readAt = Number.NEGATIVE_INFINITY

function now() {
  if (performance.now() - readAt > 50) {
    readAt = performance.now()
    off = Number(readFileSync(path, 'utf8')) || 0
  }
  return real() + off
}

if (path !== undefined) {
  globalThis.Date = class extends Date {
    constructor(...given) {
      if (given.length === 0) super(now())
      else super(...given)
    }

    static now() {
      return now()
    }
  }
}
