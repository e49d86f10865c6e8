import type { Command } from 'commander'
import { durationOf } from '../../alerts/rules/explain.ts'
import { secondMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { ClockView } from '../../core/trusted-time/trusted-time.ts'
import { formatLocal, parseMoment } from '../../flow/zone.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../options.ts'

export function addClockCommands(program: Command): void {
  const clock = program.command('clock').description('whether the clock of the service is believed')
  const sub = (name: string, description: string, isDefault = false) =>
    withCommonOptions(clock.command(name, { isDefault }).description(description))
  sub(
    'show',
    'what the clock says, and what is known of the time; exits 1 while it is in doubt',
    true,
  ).action(show)
  sub('trust', 'say what time it is, by a watch: the clock of the service is believed if it says the same')
    .requiredOption('--now <time>', 'RFC 3339, or local as 2026-11-28T21:30; to two minutes')
    .action(trust)
}

async function show(options: CommonOptions): Promise<void> {
  const { ask, config, output } = contextOf(options)
  const { clock } = await ask('registry', operations => operations.status())
  output.say(textOf(clock, config.zone), clock)
  if (clock.state !== 'sure') process.exitCode = 1
}

async function trust({ now, ...options }: CommonOptions & { now: string }): Promise<void> {
  const { ask, config, output } = contextOf(options)
  const at = parseMoment(now, config.zone)
  if (!Number.isFinite(at)) throw new LintelError('API_REQUEST_INVALID', `--now: ${now} is no time`)
  const clock = await ask('registry', operations => operations.trustClock({ at }))
  output.say(textOf(clock, config.zone), clock)
}

/** As text, in the configured zone. */
export function textOf({ state, at, systemAt, why, doubtForMs = 0 }: ClockView, zone: string): string {
  const local = (ms: number) => formatLocal(zone, ms)
  if (state === 'sure') return `the clock is believed: ${local(systemAt)}`
  const known = why === 'unknown' ? '' : `; by the last time that is known to be true it is ${local(at)}`
  const since = doubtForMs < secondMs ? '' : ` for ${durationOf(Math.round(doubtForMs / secondMs), 'en')}`
  return `the clock is in doubt${since}: it says ${local(systemAt)}${known}`
}
