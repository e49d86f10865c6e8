import Type, { type Static } from 'typebox'

const file = (description: string) => Type.String({ minLength: 1, description })
const name = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 256, description }))

/** An InfluxDB that replaces the embedded database. Secrets are given in files only. */
export const influxProperties = {
  url: Type.String({
    pattern: '^https?://[^/]',
    form: 'an address of http: or https:',
    description: 'Such as http://127.0.0.1:8086.',
  }),
  version: Type.Optional(
    Type.Enum([1, 2, 3], { description: 'Its major version; left out, the server is asked.' }),
  ),
  database: name('Of versions 1 and 3; version 1 makes it where it is not there.'),
  org: name('Of version 2.'),
  bucket: name('Of version 2, which makes it where it is not there and the token may.'),
  userFile: Type.Optional(file('Version 1: the user name, alone in a file.')),
  passwordFile: Type.Optional(file('Version 1: the password, alone in a file.')),
  tokenFile: Type.Optional(file('Versions 2 and 3: the token, alone in a file.')),
  caFile: Type.Optional(file("CA of the server's certificate, PEM; the system's CAs otherwise.")),
  gzip: Type.Optional(
    Type.Boolean({
      description: 'Whether writes are compressed; left out, they are unless it is on this machine.',
    }),
  ),
  timeoutS: Type.Integer({
    default: 30,
    minimum: 1,
    maximum: 600,
    description: 'For one request and its whole answer.',
  }),
}

const InfluxSchema = Type.Object(influxProperties)
export type InfluxConfig = Static<typeof InfluxSchema>

export const influxVersions = [1, 2, 3] as const
export type InfluxVersion = (typeof influxVersions)[number]

type Key = 'database' | 'org' | 'bucket' | 'userFile' | 'passwordFile' | 'tokenFile'
const keys: readonly Key[] = ['database', 'org', 'bucket', 'userFile', 'passwordFile', 'tokenFile']
const rules: Record<InfluxVersion, { needs: readonly Key[]; may: readonly Key[] }> = {
  1: { needs: ['database'], may: ['userFile', 'passwordFile'] },
  2: { needs: ['org', 'bucket', 'tokenFile'], may: [] },
  3: { needs: ['database'], may: ['tokenFile'] },
}

/** Reasons why a section does not fit this version; empty if it fits. */
export function influxMisfits(influx: Partial<InfluxConfig>, version: InfluxVersion): string[] {
  const { needs, may } = rules[version]
  const missing = needs.filter(key => influx[key] === undefined)
  const foreign = keys.filter(key => influx[key] !== undefined && !needs.includes(key) && !may.includes(key))
  return [
    ...(missing.length > 0 ? [`version ${version} needs ${missing.join(', ')}`] : []),
    ...(foreign.length > 0 ? [`version ${version} has no ${foreign.join(', ')}`] : []),
  ]
}

/** Contradictions in the section, one line each. */
export function influxProblems(given: unknown): string[] {
  if (typeof given !== 'object' || given === null) return []
  const influx = given as Partial<InfluxConfig>
  const problems: string[] = []
  const say = (what: string) => problems.push(`store.influx: ${what}`)
  const { version } = influx
  if (version === undefined) {
    const misfits = influxVersions.map(one => influxMisfits(influx, one))
    if (misfits.every(({ length }) => length > 0)) say(`it fits no version: ${misfits.flat().join('; ')}`)
  } else if (influxVersions.includes(version)) for (const what of influxMisfits(influx, version)) say(what)
  if (version !== 2 && (influx.userFile === undefined) !== (influx.passwordFile === undefined))
    say('userFile and passwordFile go together')
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

/** Contradictions in the section `retention`, one line each. */
export function retentionProblems(given: unknown, influx: unknown): string[] {
  const { summaries, ...kinds } = Object(given) as Record<string, unknown>
  // A summary that is deleted before its rows would be made again and again.
  const short = ['passage', 'door', 'vehicle', 'sighting'].filter(
    kind => typeof summaries === 'number' && !(typeof kinds[kind] === 'number' && kinds[kind] <= summaries),
  )
  const problems = short.map(
    kind => `retention.summaries: ${summaries} days, but ${kind} is kept longer: a summary outlasts its rows`,
  )
  const isVersion3 = (Object(influx) as Partial<InfluxConfig>).version === 3
  if (isVersion3 && given !== undefined && Object.keys(Object(given)).length > 0)
    problems.push(
      'retention: InfluxDB 3 deletes no single rows: give its database a retention period instead',
    )
  return problems
}
