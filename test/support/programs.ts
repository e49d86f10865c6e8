import { execFileSync } from 'node:child_process'
import type { TestContext } from 'vitest'

/**
 * Skips a test whose program is not there, saying how to get it; where CI=true it fails instead, so
 * that nothing goes untested unseen.
 */
export function needsProgram(context: TestContext, program: string, install: string): void {
  try {
    execFileSync('which', [program], { stdio: 'ignore' })
  } catch {
    missing(context, program, install)
  }
}

/** A Python that has the module: a machine may have several. */
export function needsPython(context: TestContext, module: string, install: string): string {
  for (const python of ['python3', '/usr/bin/python3']) {
    try {
      execFileSync(python, ['-c', `import ${module}`], { stdio: 'ignore' })
      return python
    } catch {
      // The next one may.
    }
  }
  return missing(context, `python3 with ${module}`, install)
}

function missing(context: TestContext, what: string, install: string): never {
  const note = `${what} is not installed: ${install}`
  if (process.env.CI === 'true') throw new Error(note)
  return context.skip(note)
}
