import type { Command } from 'commander'
import { systemClock } from '../../core/clock.ts'
import { dataPaths, findEndpoint } from '../../core/data-directory.ts'
import { exitCodes } from '../../core/exits.ts'
import { answers, type Service } from '../connect.ts'
import { lookAtData } from '../data-place.ts'
import { askService } from '../doctor/ask-service.ts'
import type { Finding } from '../doctor/finding.ts'
import { spaceFinding } from '../doctor/machine.ts'
import { notUp } from '../doctor/service.ts'
import { type CommonOptions, type Context, contextOf, withCommonOptions } from '../options.ts'
import { statusLines } from '../status-lines.ts'

/** systemd's code for a unit that is not active. */
const notRunning = 3

export function addStatusCommand(program: Command): void {
  withCommonOptions(program.command('status'))
    .description(
      'the service on one screen; exits 0 if all is well, 1 if something is wrong, 3 if it does not run',
    )
    .action(async (options: CommonOptions) => {
      const context = contextOf(options)
      const { data, service } = context
      const running = service() ?? (await runningOn(data))
      if (running === undefined) tellNotRunning(context)
      else await tell(running, context)
    })
}

/** Throws CONFIG_INVALID if there is no data of ours. */
async function runningOn(data: string): Promise<Service | undefined> {
  const paths = dataPaths(data)
  lookAtData(paths)
  const endpoint = findEndpoint(paths, 'api')
  return endpoint !== undefined && (await answers(endpoint)) ? endpoint : undefined
}

async function tell(service: Service, { config, output }: Context): Promise<void> {
  const { overview, findings } = await askService(service, config)
  const { freeBytes, reserveBytes } = overview.disk
  const found: Finding[] = [spaceFinding(freeBytes, reserveBytes), ...findings]
  const wrong = found.filter(({ result }) => result !== 'ok')
  const lines = statusLines(overview, wrong, config.zone, systemClock())
  output.say(lines, { running: true, ...overview, wrong })
  if (wrong.some(({ result }) => result === 'problem')) process.exitCode = exitCodes.failed
}

function tellNotRunning({ data, output }: Context): void {
  const paths = dataPaths(data)
  const begin = `lintel up --data ${data} starts it`
  const hung = lookAtData(paths) === 'data' ? notUp(paths) : undefined
  const isHung = hung?.result === 'problem'
  const text = isHung
    ? `on ${paths.root} lintel is ${hung.finding}`
    : `lintel is not running on ${paths.root}: ${begin}`
  output.say(text, { running: false, data: paths.root, wrong: isHung ? [hung] : [] })
  process.exitCode = isHung ? exitCodes.failed : notRunning
}
