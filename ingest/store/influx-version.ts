import type { IncomingMessage } from 'node:http'
import { type InfluxVersion, influxVersions } from '../../config/store.ts'
import { LintelError } from '../../core/errors.ts'
import { failureOf } from './influx-answers.ts'
import { type InfluxHttp, readText } from './influx-http.ts'
import type { InfluxSettings } from './influx-settings.ts'

/**
 * Version of the server at the URL. /ping gives it in a header (versions 1 and 2) or as JSON (3), and /health as JSON
 * where a proxy removes headers. Rejects with STORE_UNAVAILABLE while it is unclear.
 */
export async function findVersion(
  http: InfluxHttp,
  { misfits, token }: InfluxSettings,
): Promise<InfluxVersion> {
  const authorization = token === undefined ? undefined : authorizationOf(token, 3)
  const told: string[] = []
  for (const path of ['/ping', '/health']) {
    const text = await http.ask({ path, authorization }, async answer =>
      toldBy(answer, await readText(answer)),
    )
    const version = influxVersions.find(one => new RegExp(`^v?${one}\\.`).test(text))
    if (version !== undefined) {
      const misfit = misfits?.[version]
      if (misfit === undefined) return version
      throw unclear(`the server is of version ${version}, and ${misfit} in store.influx`)
    }
    told.push(`${path}: ${text || 'nothing'}`)
  }
  throw unclear(`the server does not tell its version (${told.join('; ')}): set store.influx.version`)
}

function toldBy(answer: IncomingMessage, text: string): string {
  const header = answer.headers['x-influxdb-version']
  if (typeof header === 'string') return header
  if (answer.statusCode! >= 400) throw failureOf(answer, text, Date.now())
  try {
    const { version } = JSON.parse(text) as { version?: unknown }
    return String(version ?? '')
  } catch {
    return ''
  }
}

/** Version 3 accepts both words, 2 only the second: https://docs.influxdata.com/influxdb/v2/api-guide/api_intro/#authentication */
export const authorizationOf = (token: string, version: InfluxVersion) =>
  `${version === 3 ? 'Bearer' : 'Token'} ${token}`

const unclear = (what: string) => new LintelError('STORE_UNAVAILABLE', `InfluxDB: ${what}`)
