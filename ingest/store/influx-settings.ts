import { readFileSync } from 'node:fs'
import { type InfluxConfig, type InfluxVersion, influxMisfits, influxVersions } from '../../config/store.ts'
import { LintelError } from '../../core/errors.ts'
import { codeOfFileFault, fileFault } from '../../core/files.ts'

export type { InfluxVersion } from '../../config/store.ts'

/** How to reach a server, with the contents of the files that the configuration names. */
export interface InfluxSettings {
  readonly url: string
  /** Undefined: ask the server. */
  readonly version?: InfluxVersion
  /** By version, why the configuration does not suit it. */
  readonly misfits?: { readonly [V in InfluxVersion]?: string }
  /** Database for versions 1 and 3, bucket for version 2. */
  readonly database: string
  readonly org?: string
  /** Value of the Authorization header; undefined if the server needs none. */
  readonly authorization?: string
  /** Goes into that header in the form that the server's version expects. */
  readonly token?: string
  readonly gzip?: boolean
  readonly ca?: Buffer
  readonly timeoutMs: number
}

/** Throws CONFIG_INVALID if a file cannot be read or is empty. */
export function readInfluxSettings(config: InfluxConfig): InfluxSettings {
  const { url, version, database, org, bucket, tokenFile, caFile, timeoutS, gzip } = config
  const misfits = influxVersions.map(one => [one, influxMisfits(config, one).join('; ')] as const)
  const authorization = basicAuthorization(config)
  return {
    url,
    ...(version === undefined ? {} : { version }),
    misfits: Object.fromEntries(misfits.filter(([, what]) => what !== '')),
    database: (bucket ?? database)!,
    ...(org === undefined ? {} : { org }),
    ...(authorization === undefined ? {} : { authorization }),
    ...(tokenFile === undefined ? {} : { token: secret('tokenFile', tokenFile) }),
    ...(caFile === undefined ? {} : { ca: read('caFile', caFile) }),
    gzip: gzip ?? !isOnThisMachine(url),
    timeoutMs: timeoutS * 1000,
  }
}

const isOnThisMachine = (url: string) =>
  /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname)

/** In a header and not in the URL, which proxies and the server itself would log. */
function basicAuthorization({ userFile, passwordFile }: InfluxConfig): string | undefined {
  if (userFile === undefined || passwordFile === undefined) return undefined
  const pair = `${secret('userFile', userFile)}:${secret('passwordFile', passwordFile)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
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
    throw new LintelError(
      codeOfFileFault(error),
      `store.influx.${key} cannot be read: ${path}: ${fileFault(error)}`,
    )
  }
}
