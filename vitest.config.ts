import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Vitest wants a default export, the one that the linter is told to allow.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Bounds for what hangs, not for what is slow: a service starts in seconds, on a slow machine in tens of them.
    testTimeout: 90_000,
    hookTimeout: 90_000,
    // Two cores, and some tests start the whole service.
    maxWorkers: 2,
    // Hundreds of processes are started, each from a directory of its own that has no compiled code: 3 s of 6 for each service.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)) },
  },
})
