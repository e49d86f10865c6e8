import type { Command } from 'commander'
import { type Config, parseConfig, readConfig } from '../core/config.ts'
import { LintelError } from '../core/errors.ts'
import { createOutput, type Output } from './output.ts'

/** What every command takes. */
export interface CommonOptions {
  readonly data: string
  readonly config?: string
  readonly json?: boolean
}

export interface Context {
  readonly data: string
  readonly config: Config
  readonly output: Output
  readonly json: boolean
}

export function withCommonOptions(command: Command): Command {
  return command
    .option('--data <dir>', 'the data directory', './data')
    .option('--config <file>', 'the configuration, YAML or JSON')
    .option('--json', 'print JSON, one value a line')
}

export function contextOf({ data, config, json = false }: CommonOptions): Context {
  const parsed = config === undefined ? parseConfig({}) : readConfig(config)
  return { data, config: parsed, output: createOutput(json), json }
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
