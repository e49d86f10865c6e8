import { defineConfig } from 'vitest/config'

// Vitest wants a default export, the one that the linter is told to allow.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Two cores, and some tests start the whole service.
    maxWorkers: 2,
  },
})
