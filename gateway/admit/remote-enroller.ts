import type { Endpoint } from '../../core/data-directory.ts'
import { LintelError } from '../../core/errors.ts'
import { whyUnreachable } from '../../core/unreachable.ts'
import type { Announced } from '../../devices/registry/announcement.ts'
import type { Enroller } from './enroller.ts'

const timeoutMs = 10_000

/** Uses the API of the process that writes the registry. Calls `find` each time: that process may have been restarted. */
export function createRemoteEnroller(find: () => Endpoint | undefined): Enroller {
  return {
    async announce(gateway, device, place) {
      const endpoint = find()
      if (endpoint === undefined) throw unavailable('it is not running')
      try {
        const response = await fetch(`${endpoint.url}/api/v1/devices/announce`, {
          method: 'POST',
          headers: { authorization: `Bearer ${endpoint.token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ gateway, device, ...place }),
          signal: AbortSignal.timeout(timeoutMs),
        })
        if (response.ok) return (await response.json()) as Announced
        throw new Error(`it answered ${response.status}`)
      } catch (error) {
        throw unavailable(whyUnreachable(error), error)
      }
    },
  }
}

function unavailable(why: string, cause?: unknown): LintelError {
  return new LintelError('API_UNAVAILABLE', `the process that enrols devices cannot be asked: ${why}`, {
    cause,
  })
}
