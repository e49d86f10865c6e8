import { readFileSync } from 'node:fs'
import type { ChannelConfig, ChannelKind } from '../../config/alerts.ts'
import { type Clock, minuteMs, secondMs } from '../../core/clock.ts'
import { codeOf, LintelError, messageOf } from '../../core/errors.ts'
import { codeOfFileFault, fileFault } from '../../core/files.ts'
import type { Logger } from '../../core/log.ts'
import type { Alerts } from '../book/alerts.ts'
import type { Channel } from './channel.ts'
import { createDisplays } from './channels/displays.ts'
import { createEmail, type MailServer, mailServerOf, tlsOf } from './channels/email.ts'
import { createLogChannel } from './channels/log-channel.ts'
import { createRobot } from './channels/robots.ts'
import { createWebhook, secretOf } from './channels/webhook.ts'
import type { Limit, PacePolicy } from './pace.ts'
import type { TextOptions } from './text.ts'
import type { Wants } from './wants.ts'
import type { ChannelSettings } from './worker.ts'

export interface ChannelSurroundings {
  readonly alerts: Pick<Alerts, 'list' | 'lastChange'>
  /** `http.publicUrl`: the start of links. */
  readonly publicUrl?: string | undefined
  /** IANA zone of the service, for quiet hours that name none. */
  readonly zone: string
  /** Names of all rules. */
  readonly rules: readonly string[]
  /** Publishes a site's state to its displays; resolves once the broker has it. */
  readonly publish: (site: string, payload: string) => Promise<void>
  readonly log: Pick<Logger, 'info' | 'warn'>
  readonly clock: Clock
}

/** Slightly below the documented limits of each service. */
const limits: Partial<Record<ChannelKind, readonly Limit[]>> = {
  wecom: [{ count: 18, perMs: minuteMs }],
  dingtalk: [{ count: 18, perMs: minuteMs }],
  feishu: [{ count: 90, perMs: minuteMs }, { count: 4, perMs: secondMs }],
  email: [{ count: 20, perMs: minuteMs }],
} // biome-ignore format: a table

const people: readonly ChannelKind[] = ['wecom', 'dingtalk', 'feishu', 'email']

/** Reads the configured channels; if none is configured, the log is the only channel. Throws CONFIG_INVALID with one line per problem. */
export function readChannels(
  configured: Readonly<Record<string, ChannelConfig>>,
  surroundings: ChannelSurroundings,
): ChannelSettings[] {
  const problems = channelFaults(configured, surroundings.rules)
  if (problems.length > 0) throw new LintelError('CONFIG_INVALID', problems.join('\n'))
  const entries = Object.entries(configured)
  const all = entries.length > 0 ? entries : ([['log', { kind: 'log', giveUpS: 86_400 }]] as const)
  return all.map(([name, config]) => channelOf(name, config, surroundings))
}

/** Problems with the rules and files that channels name, one line each. */
export function channelFaults(
  configured: Readonly<Record<string, ChannelConfig>>,
  rules: readonly string[],
): string[] {
  return Object.entries(configured).flatMap(([name, config]) =>
    faultsOf(config, rules).map(fault => `alerts.channels.${name}: ${fault}`),
  )
}

function faultsOf(config: ChannelConfig, known: readonly string[]): string[] {
  const { kind, rules = [], secretFile, passwordFile, url, urlFile } = config
  const strangers = rules.filter(rule => !known.includes(rule))
  const faults =
    strangers.length === 0
      ? []
      : [`rules: there is no ${strangers.join(', ')}; there are ${known.join(', ')}`]
  const readings = [
    () => kind === 'email' && urlFile !== undefined && mailServerIn(urlFile, config.tls),
    () => kind !== 'email' && (url ?? urlFile) !== undefined && urlOf(config),
    () => secretFile !== undefined && (kind === 'webhook' ? secretsIn : read)('secretFile', secretFile),
    () => passwordFile !== undefined && read('passwordFile', passwordFile),
    () => caOf(config),
  ]
  for (const reading of readings) {
    try {
      reading()
    } catch (error) {
      // A temporary failure is no fault of the configuration.
      if (codeOf(error) === 'DATA_UNAVAILABLE') throw error
      faults.push(messageOf(error))
    }
  }
  return faults
}

function channelOf(name: string, config: ChannelConfig, surroundings: ChannelSurroundings): ChannelSettings {
  const { kind, sites, rules, afterS, giveUpS, quiet } = config
  const readers = people.includes(kind) ? 'people' : 'programs'
  const wants: Wants = {
    changes: config.changes ?? (kind === 'mqtt' ? 'all' : 'main'),
    least: config.least ?? (readers === 'people' ? 'warning' : 'notice'),
    ...(sites === undefined ? {} : { sites }),
    ...(rules === undefined ? {} : { rules }),
    ...(afterS === undefined ? {} : { afterMs: afterS * secondMs }),
  }
  const pace: PacePolicy = {
    readers,
    limits: limits[kind] ?? [],
    atOnce: readers === 'people' ? 1000 : 50,
  }
  return {
    name,
    channel: open(config, wants, surroundings),
    wants,
    pace,
    giveUpMs: giveUpS * secondMs,
    ...(quiet === undefined
      ? {}
      : { quiet: { zone: surroundings.zone, ...quiet, exceptCritical: quiet.except === 'critical' } }),
  }
}

function open(config: ChannelConfig, wants: Wants, surroundings: ChannelSurroundings): Channel {
  const { kind, language = 'zh', secretFile } = config
  const { publicUrl, log, clock } = surroundings
  const origin = publicUrl === undefined ? {} : { publicUrl }
  const text: TextOptions = { language, ...origin }
  switch (kind) {
    case 'webhook': {
      const secrets = secretFile === undefined ? [] : secretsIn('secretFile', secretFile)
      return createWebhook({ url: urlOf(config), secrets, ...caOf(config), clock, ...origin })
    }
    case 'wecom':
    case 'dingtalk':
    case 'feishu': {
      const secret = secretFile === undefined ? {} : { secret: read('secretFile', secretFile) }
      return createRobot(kind, { url: urlOf(config), ...secret, clock, ...text })
    }
    case 'email':
      return createEmail({ server: mailServer(config), from: config.from!, to: config.to!, ...text })
    case 'mqtt': {
      const { alerts, publish } = surroundings
      return createDisplays({ alerts, wants, publish, clock, ...origin })
    }
    case 'log':
      return createLogChannel(log, text)
  }
}

function urlOf({ url, urlFile }: ChannelConfig): string {
  const text = url ?? read('urlFile', urlFile!)
  // The message does not quote the address: it may contain a key.
  if (!/^https?:\/\/[^/\s]\S*$/.test(text) || !URL.canParse(text))
    throw new Error(
      `${url === undefined ? 'urlFile' : 'url'}: must hold one address, of http: or https:, and nothing else`,
    )
  return text
}

function mailServer({
  host,
  port,
  user,
  passwordFile,
  urlFile,
  tls = true,
  caFile,
}: ChannelConfig): MailServer {
  const ca = caOf({ caFile })
  if (urlFile !== undefined) return { ...mailServerIn(urlFile, tls), ...ca }
  return {
    host: host!,
    tls: tlsOf(tls, port),
    ...(port === undefined ? {} : { port }),
    ...(user === undefined ? {} : { user, password: read('passwordFile', passwordFile!) }),
    ...ca,
  }
}

function mailServerIn(urlFile: string, tls = true): MailServer {
  const server = mailServerOf(read('urlFile', urlFile), tls)
  if (server !== undefined) return server
  throw new Error('urlFile: must hold smtps://user:password@host:port, or smtp: for STARTTLS')
}

function secretsIn(key: string, path: string): Buffer[] {
  const secrets = read(key, path).split(/\s+/).map(secretOf)
  if (secrets.some(({ length }) => length < 16)) throw new Error(`${key}: a secret has 16 bytes at least`)
  return secrets
}

const caOf = ({ caFile }: { readonly caFile?: string | undefined }) =>
  caFile === undefined ? {} : { ca: Buffer.from(read('caFile', caFile)) }

function read(key: string, path: string): string {
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw new LintelError(codeOfFileFault(error), `${key} cannot be read: ${path}: ${fileFault(error)}`)
  }
  if (text === '') throw new Error(`${key}: ${path} is empty`)
  return text
}
