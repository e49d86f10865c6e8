import { readFileSync } from 'node:fs'
import { join } from 'node:path'

// For HEALTHCHECK: exits with 0 if the API of the given data directory answers. The image has no curl.
// It does not use /readyz: restarting a container because of a full disk does not help, and disconnects its devices.
const data = process.argv[2] ?? '/var/lib/lintel'

try {
  const { url } = JSON.parse(readFileSync(join(data, 'run', 'api.json'), 'utf8')) as { url: string }
  const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(4000) })
  process.exitCode = answer.ok ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
