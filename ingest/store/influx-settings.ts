import { readFileSync } from 'node:fs'
import { LintelError, messageOf } from '../../core/errors.ts'
import type { InfluxConfig } from '../../core/store-config.ts'

/** How a server is reached, with what the files of the configuration hold. */
export interface InfluxSettings {
  readonly url: string
  readonly version: 1 | 2 | 3
  /** Database of versions 1 and 3, bucket of version 2. */
  readonly database: string
  readonly org?: string
  /** Value of the Authorization header; undefined where the server asks for none. */
  readonly authorization?: string
  readonly ca?: Buffer
  readonly timeoutMs: number
}

/** Throws CONFIG_INVALID for a file that cannot be read or is empty. */
export function readInfluxSettings(config: InfluxConfig): InfluxSettings {
  const { url, version, database, org, bucket, caFile, timeoutS } = config
  const authorization = authorizationOf(config)
  return {
    url,
    version,
    database: (version === 2 ? bucket : database)!,
    ...(org === undefined ? {} : { org }),
    ...(authorization === undefined ? {} : { authorization }),
    ...(caFile === undefined ? {} : { ca: read('caFile', caFile) }),
    timeoutMs: timeoutS * 1000,
  }
}

/** In a header, not in the URL, where proxies and the server itself would log it. */
function authorizationOf({ version, userFile, passwordFile, tokenFile }: InfluxConfig): string | undefined {
  if (userFile !== undefined && passwordFile !== undefined) {
    const pair = `${secret('userFile', userFile)}:${secret('passwordFile', passwordFile)}`
    return `Basic ${Buffer.from(pair).toString('base64')}`
  }
  if (tokenFile === undefined) return undefined
  return `${version === 2 ? 'Token' : 'Bearer'} ${secret('tokenFile', tokenFile)}`
}

function secret(key: string, path: string): string {
  const text = read(key, path).toString().trim()
  if (text === '') throw new LintelError('CONFIG_INVALID', `store.influx.${key}: ${path} is empty`)
  return text
}

function read(key: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new LintelError('CONFIG_INVALID', `store.influx.${key} cannot be read: ${messageOf(error)}`)
  }
}
