import type { Invited } from '../api/operations/operations.ts'
import type { Config } from '../config/config.ts'
import { dataPaths, findEndpoint } from '../core/data-directory.ts'
import type { Service } from './connect.ts'

interface Where {
  readonly data: string
  readonly config: Config
  readonly service?: Service | undefined
}

/** Link for a person's browser. The secret comes after #, so that no server logs it. */
export function signInLink({ secret }: Pick<Invited, 'secret'>, where: Where): string {
  return `${baseOf(where)}/invite#${secret}`
}

function baseOf({ data, config, service }: Where): string {
  if (service !== undefined) return service.url
  const { publicUrl, host, port } = config.http
  return publicUrl ?? findEndpoint(dataPaths(data), 'api')?.url ?? `http://${host}:${port}`
}
