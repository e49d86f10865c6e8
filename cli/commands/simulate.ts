import { type Command, InvalidArgumentError } from 'commander'
import { hourMs } from '../../core/clock.ts'
import { formatRfc3339 } from '../../core/rfc3339.ts'
import { planTown } from '../../devices/town/plan.ts'
import type { TownProgress } from '../../devices/town/simulate.ts'
import { type CommonOptions, contextOf, withLocalOptions } from '../options.ts'
import { createProgressBar } from '../progress-bar.ts'
import { enrolSimulated } from '../simulated-devices.ts'

interface SimulateCommandOptions extends CommonOptions {
  readonly url?: string
  readonly sites: number
  readonly buildings: number
  readonly doors: number
  readonly checkpoints: number
  readonly history: number
  readonly duration?: number
  readonly seed: number
}

export function addSimulateCommand(program: Command): void {
  withLocalOptions(program.command('simulate'))
    .description('a town of doors and lanes that publishes over MQTT like any other; enrols it first')
    .option('--url <url>', 'the broker (default: mqtt.tcp of the configuration)')
    .option('--sites <n>', 'estates', toCount, 2)
    .option('--buildings <n>', 'buildings of each', toCount, 5)
    .option('--doors <n>', 'doors of each', toCount, 5)
    .option('--checkpoints <n>', 'gates on roads, of two lanes each', toCount, 1)
    .option('--history <hours>', 'deliver so many hours first, as a backlog', toCount, 0)
    .option('--duration <hours>', 'stop after so long (default: never)', Number)
    .option('--seed <n>', 'the same seed is the same town, and the same events', toCount, 1)
    .action(simulate)
}

async function simulate(options: SimulateCommandOptions): Promise<void> {
  const { data, config, output, json, ask } = contextOf(options)
  const { tcp } = config.mqtt
  const url = options.url ?? (tcp ? `mqtt://${tcp.host}:${tcp.port}` : '')
  const plan = planTown({
    seed: options.seed,
    sites: options.sites,
    buildingsPerSite: options.buildings,
    doorsPerBuilding: options.doors,
    checkpoints: options.checkpoints,
    zone: config.zone,
  })
  const devices = await ask('enrolment', operations => enrolSimulated(operations, data, plan))
  const abort = new AbortController()
  process.once('SIGINT', () => abort.abort())
  process.once('SIGTERM', () => abort.abort())

  const from = Date.now()
  const historyMs = options.history * hourMs
  const bar = createProgressBar(json || historyMs === 0)
  const onProgress = (progress: TownProgress) => {
    const { sentTo, acked } = progress
    bar.show((sentTo - (from - historyMs)) / historyMs, `${formatRfc3339(sentTo)}  ${acked} acked`)
    if (json) output.say('', progress)
  }
  const until = options.duration === undefined ? {} : { until: from + options.duration * hourMs }
  const { simulateTown } = await import('../../devices/town/simulate.ts')
  const done = await simulateTown({
    url,
    devices,
    seed: options.seed,
    from,
    historyMs,
    signal: abort.signal,
    onProgress,
    ...until,
  })
  bar.stop()
  output.say(
    `${done.published} events published, ${done.acked} acked, ${done.duplicates} sent twice, ${done.refusals} refused`,
    done,
  )
}

function toCount(text: string): number {
  const n = Number(text)
  if (!Number.isSafeInteger(n) || n < 0) throw new InvalidArgumentError('it must be a whole number')
  return n
}
