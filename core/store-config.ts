import Type, { type Static } from 'typebox'

const file = (description: string) => Type.String({ minLength: 1, description })
const name = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 256, description }))

/** Where the time series is kept instead of in the embedded database. Secrets stand in files alone. */
export const influxProperties = {
  url: Type.String({ pattern: '^https?://[^/]', description: 'Such as http://127.0.0.1:8086.' }),
  version: Type.Enum([1, 2, 3], { default: 1, description: 'Its major version.' }),
  database: name('Of versions 1 and 3; version 1 makes it where it is not there.'),
  org: name('Of version 2.'),
  bucket: name('Of version 2, without an end of retention.'),
  userFile: Type.Optional(file('Version 1: the user name, alone in a file.')),
  passwordFile: Type.Optional(file('Version 1: the password, alone in a file.')),
  tokenFile: Type.Optional(file('Versions 2 and 3: the token, alone in a file.')),
  caFile: Type.Optional(file("CA of the server's certificate, PEM; the system's CAs otherwise.")),
  timeoutS: Type.Integer({
    default: 30,
    minimum: 1,
    maximum: 600,
    description: 'For one request and its whole answer.',
  }),
}

const InfluxSchema = Type.Object(influxProperties)
export type InfluxConfig = Static<typeof InfluxSchema>

type Key = 'database' | 'org' | 'bucket' | 'userFile' | 'passwordFile' | 'tokenFile'
const keys: readonly Key[] = ['database', 'org', 'bucket', 'userFile', 'passwordFile', 'tokenFile']
const rules: Record<InfluxConfig['version'], { needs: readonly Key[]; may: readonly Key[] }> = {
  1: { needs: ['database'], may: ['userFile', 'passwordFile'] },
  2: { needs: ['org', 'bucket', 'tokenFile'], may: [] },
  3: { needs: ['database'], may: ['tokenFile'] },
}

/** What contradicts itself in the section, a line each. */
export function influxProblems(given: unknown): string[] {
  if (typeof given !== 'object' || given === null) return []
  const influx = given as Partial<InfluxConfig>
  const problems: string[] = []
  const say = (what: string) => problems.push(`store.influx: ${what}`)
  const rule = rules[influx.version as InfluxConfig['version']]
  if (rule !== undefined) {
    const missing = rule.needs.filter(key => influx[key] === undefined)
    const foreign = keys.filter(
      key => influx[key] !== undefined && !rule.needs.includes(key) && !rule.may.includes(key),
    )
    if (missing.length > 0) say(`version ${influx.version} needs ${missing.join(', ')}`)
    if (foreign.length > 0) say(`version ${influx.version} has no ${foreign.join(', ')}`)
    if (influx.version === 1 && (influx.userFile === undefined) !== (influx.passwordFile === undefined))
      say('userFile and passwordFile go together')
  }
  if (typeof influx.url === 'string' && /^https?:\/\/[^/]/.test(influx.url)) {
    if (!URL.canParse(influx.url)) say('url cannot be read')
    else {
      const { username, password, search, hash } = new URL(influx.url)
      if (username !== '' || password !== '') say('url holds a user or password: put them into files')
      if (search !== '' || hash !== '') say('url ends with its path: leave out what begins with ? or #')
    }
  }
  if (influx.caFile !== undefined && String(influx.url).startsWith('http:'))
    say('caFile needs a url of https:')
  return problems
}
