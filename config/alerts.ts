import Type, { type Static } from 'typebox'
import { isZone } from '../core/zone.ts'

export const channelKinds = ['webhook', 'wecom', 'dingtalk', 'feishu', 'email', 'mqtt', 'log'] as const
export type ChannelKind = (typeof channelKinds)[number]

const file = (description: string) => Type.Optional(Type.String({ minLength: 1, description }))
const text = (description: string) =>
  Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 256,
      pattern: '^[^\\p{Cc}]*$',
      form: 'one line, with no control characters',
      description,
    }),
  )
const timeOfDay = (description: string) =>
  Type.String({ pattern: '^(?:[01][0-9]|2[0-3]):[0-5][0-9]$', form: 'HH:MM, such as 22:00', description })

/** A way to tell people of alerts. `channelProblems` checks which keys each kind needs and allows. */
export const ChannelSchema = Type.Object(
  {
    kind: Type.Enum([...channelKinds], { description: 'How it is told.' }),
    sites: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        maxItems: 1000,
        description: 'Only alerts of these sites; left out, of all and of the service itself.',
      }),
    ),
    rules: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        maxItems: 100,
        description: 'Only alerts of these rules; left out, of all.',
      }),
    ),
    least: Type.Optional(
      Type.Enum(['notice', 'warning', 'critical'], {
        description: 'Least severity. Left out: warning where people read it, notice where programs do.',
      }),
    ),
    language: Type.Optional(Type.Enum(['zh', 'en', 'both'], { description: 'Of the text; zh if left out.' })),
    changes: Type.Optional(
      Type.Enum(['main', 'all'], {
        description:
          'main: what begins and what has ended for good. all: whatever becomes of an alert, at once.',
      }),
    ),
    afterS: Type.Optional(
      Type.Integer({
        minimum: 10,
        maximum: 7 * 86_400,
        description: 'Told only of what nobody has taken in so long, and what still goes on.',
      }),
    ),
    giveUpS: Type.Integer({
      default: 86_400,
      minimum: 60,
      maximum: 7 * 86_400,
      description: 'How long a message is tried; then it counts as undelivered.',
    }),
    quiet: Type.Optional(
      Type.Object(
        {
          from: timeOfDay('Such as 22:00.'),
          to: timeOfDay('Such as 07:00: then what waited is told in one message.'),
          zone: Type.Optional(Type.String({ description: "IANA zone; the service's own if left out." })),
          except: Type.Optional(Type.Enum(['critical'], { description: 'Told at any hour.' })),
        },
        { additionalProperties: false, description: 'Hours in which nothing is told.' },
      ),
    ),
    url: text('Of a webhook whose address is no secret.'),
    urlFile: file('The address, alone in a file: it holds a key.'),
    secretFile: file('What messages are signed with, alone in a file.'),
    caFile: file("CA of the server's certificate, PEM; the system's CAs otherwise."),
    host: text('Mail server.'),
    port: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65_535,
        description: 'Of the mail server: 587, or 465 for TLS from the start.',
      }),
    ),
    user: text('At the mail server.'),
    passwordFile: file('Its password, alone in a file.'),
    tls: Type.Optional(
      Type.Boolean({ description: 'Whether mail goes over TLS alone, which it does if left out.' }),
    ),
    from: text('Sender, such as Lintel <lintel@example.com>.'),
    to: Type.Optional(
      Type.Array(
        Type.String({
          minLength: 3,
          maxLength: 256,
          pattern: '^[^\\s@,;<>]+@[^\\s@,;<>]+$',
          form: 'one address, such as duty@example.com',
        }),
        { minItems: 1, maxItems: 50, description: 'Who gets the mail.' },
      ),
    ),
  },
  { additionalProperties: false, description: 'A channel.' },
)
export type ChannelConfig = Static<typeof ChannelSchema>

export const alertProperties = {
  keepDays: Type.Integer({
    default: 1095,
    minimum: 1,
    maximum: 36_500,
    description: 'How long a closed alert and its history are kept.',
  }),
  channels: Type.Record(Type.String(), ChannelSchema, {
    default: {},
    maxProperties: 16,
    description: 'By name: how people are told. With none, the log has them.',
  }),
}

type Key = keyof ChannelConfig
const special: readonly Key[] = [
  'url', 'urlFile', 'secretFile', 'caFile', 'host', 'port', 'user', 'passwordFile', 'tls', 'from', 'to',
  'language', 'changes', 'afterS', 'quiet', 'giveUpS',
] // biome-ignore format: a list
const forPeople: readonly Key[] = ['language', 'afterS', 'quiet', 'giveUpS']
const kinds: Record<ChannelKind, { needs: readonly Key[]; may: readonly Key[] }> = {
  webhook: {
    needs: [],
    may: ['url', 'urlFile', 'secretFile', 'caFile', 'changes', 'afterS', 'quiet', 'giveUpS'],
  },
  wecom: { needs: ['urlFile'], may: forPeople },
  dingtalk: { needs: ['urlFile'], may: ['secretFile', ...forPeople] },
  feishu: { needs: ['urlFile'], may: ['secretFile', ...forPeople] },
  email: {
    needs: ['from', 'to'],
    may: ['urlFile', 'host', 'port', 'user', 'passwordFile', 'tls', 'caFile', ...forPeople],
  },
  mqtt: { needs: [], may: ['giveUpS'] },
  log: { needs: [], may: ['language', 'changes', 'giveUpS'] },
}

/** Faults of `alerts.channels` that the schema cannot express, one line each. */
export function channelProblems(given: unknown): string[] {
  return Object.entries(Object(given) as Record<string, unknown>).flatMap(([name, channel]) =>
    problemsOf(name, Object(channel)).map(what => `alerts.channels.${name}: ${what}`),
  )
}

function problemsOf(name: string, channel: Partial<ChannelConfig>): string[] {
  const problems: string[] = []
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(name))
    problems.push('a name has 1 to 32 of a-z, 0-9 and -, and does not begin with -')
  const { kind, quiet, url } = channel
  if (kind === undefined || !channelKinds.includes(kind)) return problems
  const { needs, may } = kinds[kind]
  const missing = needs.filter(key => channel[key] === undefined)
  const foreign = special.filter(
    key => channel[key] !== undefined && !needs.includes(key) && !may.includes(key),
  )
  if (missing.length > 0) problems.push(`${kind} needs ${missing.join(', ')}`)
  if (foreign.length > 0) problems.push(`${kind} has no ${foreign.join(', ')}`)
  if (kind === 'webhook') problems.push(...oneOf(kind, { url, urlFile: channel.urlFile }))
  if (kind === 'email') problems.push(...emailProblems(channel))
  if (channel.changes === 'all' && channel.afterS !== undefined) problems.push('afterS is for changes: main')
  if (typeof url === 'string') problems.push(...urlProblems(url))
  if (typeof quiet?.zone === 'string' && !isZone(quiet.zone))
    problems.push(`quiet.zone: "${quiet.zone}" is not an IANA time zone`)
  if (quiet !== undefined && quiet.from === quiet.to)
    problems.push('quiet: from and to are the same, so it would never speak')
  return problems
}

/** Exactly one of the two keys must be given. */
function oneOf(kind: ChannelKind, pair: Readonly<Record<string, unknown>>): string[] {
  const given = Object.values(pair).filter(value => value !== undefined).length
  if (given === 1) return []
  const [one, other] = Object.keys(pair)
  return [
    given === 0 ? `${kind} needs one of ${one}, ${other}` : `${kind} takes ${one} or ${other}, not both`,
  ]
}

function emailProblems({ host, port, user, passwordFile, urlFile }: Partial<ChannelConfig>): string[] {
  const problems = oneOf('email', { host, urlFile })
  if (urlFile !== undefined && [port, user, passwordFile].some(value => value !== undefined))
    problems.push('port, user and passwordFile stand in the file of urlFile')
  if ((user === undefined) !== (passwordFile === undefined))
    problems.push('user and passwordFile go together')
  return problems
}

function urlProblems(url: string): string[] {
  if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url)) return ['url must be one of http: or https:']
  const { username, password, search } = new URL(url)
  return username + password + search === ''
    ? []
    : ['url may hold a key: put it into a file, and name that as urlFile']
}
