import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { type Config, parseConfig, readConfig } from '../config/config.ts'
import { LintelError } from '../core/errors.ts'
import { fileFault } from '../core/files.ts'
import { type Ask, askOf, type Service } from './connect.ts'
import { createOutput, type Output } from './output.ts'

/** Options common to commands. */
export interface CommonOptions {
  readonly data: string
  readonly config?: string
  readonly json?: boolean
  readonly url?: string
  readonly tokenFile?: string
}

export interface Context {
  readonly data: string
  readonly config: Config
  readonly output: Output
  readonly json: boolean
  /** Undefined if the local service is meant. Throws CONFIG_INVALID for an address without a token. */
  readonly service: () => Service | undefined
  /** Runs a request on whichever service or data directory is meant. */
  readonly ask: Ask
}

/** For a command that asks a service something. */
export function withCommonOptions(command: Command): Command {
  return withLocalOptions(command)
    .option('--url <url>', 'ask the service at this address in place of a data directory (or LINTEL_URL)')
    .option('--token-file <file>', 'with an API token for it (or LINTEL_TOKEN, the token itself)')
}

/** For a command about this machine. */
export function withLocalOptions(command: Command): Command {
  return command
    .option('--data <dir>', 'the data directory', './data')
    .option('--config <file>', 'the configuration, YAML or JSON')
    .option('--json', 'print JSON: one value, a list as one array')
}

export function contextOf(options: CommonOptions, env: NodeJS.ProcessEnv = process.env): Context {
  const { data, config, json = false } = options
  const parsed = config === undefined ? parseConfig({}) : readConfig(config)
  const service = () => serviceOf(options, env)
  return {
    data,
    config: parsed,
    output: createOutput(json, parsed.zone),
    json,
    service,
    ask: (need, act) => askOf(data, parsed, service())(need, act),
  }
}

function serviceOf({ url = '', tokenFile }: CommonOptions, env: NodeJS.ProcessEnv): Service | undefined {
  const wrong = (why: string) => new LintelError('CONFIG_INVALID', why)
  const address = url || env.LINTEL_URL || ''
  if (address === '') {
    if (tokenFile !== undefined) throw wrong('--token-file goes with --url')
    return undefined
  }
  if (!/^https?:\/\/[^/?#]+\/?$/.test(address))
    throw wrong(`--url must be such as https://lintel.example, not "${address}"`)
  const token = tokenFile === undefined ? env.LINTEL_TOKEN?.trim() : readToken(tokenFile)
  if (!token) throw wrong('--url needs a token: --token-file FILE, or LINTEL_TOKEN')
  return { url: address.replace(/\/$/, ''), token }
}

function readToken(path: string): string {
  try {
    const token = readFileSync(path, 'utf8').trim()
    if (/^[\x21-\x7e]+$/.test(token)) return token
  } catch (error) {
    throw new LintelError('CONFIG_INVALID', `--token-file: ${path}: ${fileFault(error)}`)
  }
  // The message does not show its content: it may be a token and something more.
  throw new LintelError(
    'CONFIG_INVALID',
    `--token-file: ${path} must hold one token and nothing else, as lintel token create prints it`,
  )
}

/** `HOST:PORT`, `[::1]:PORT` or `PORT`. Throws CONFIG_INVALID. */
export function parseAddress(text: string, option: string): { host: string; port: number } {
  const match = /^(?:(?:\[([^\]\s]+)\]|([^:\s]*)):)?(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535)
    throw new LintelError(
      'CONFIG_INVALID',
      `${option} must be HOST:PORT, such as 127.0.0.1:1883, not "${text}"`,
    )
  return { host: match[1] ?? (match[2] || '127.0.0.1'), port }
}
