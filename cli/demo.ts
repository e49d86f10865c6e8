import { createRemoteOperations } from '../api/operations/remote-operations.ts'
import { hourMs, secondMs } from '../core/clock.ts'
import type { Config } from '../core/config.ts'
import { dataPaths, findEndpoint } from '../core/data-directory.ts'
import { messageOf } from '../core/errors.ts'
import { eventTopic } from '../devices/contract/topics.ts'
import type { NewDevice } from '../devices/registry/device.ts'
import { planTown } from '../devices/town/plan.ts'
import { simulateTown, type TownProgress } from '../devices/town/simulate.ts'
import { formatLocal } from '../flow/zone.ts'
import { createScenes } from './demo-scenes.ts'
import { renderTable } from './output.ts'
import { type DeviceWithToken, enrolSimulated } from './simulated-devices.ts'

export interface DemoOptions {
  readonly data: string
  readonly config: Config
  readonly mqtt: { readonly host: string; readonly port: number }
  readonly json: boolean
}

const seed = 1
const size = { seed, sites: 2, buildingsPerSite: 3, doorsPerBuilding: 4, checkpoints: 1 }
const historyMs = 24 * hourMs
const lineEveryMs = 10 * secondMs
/** So that a door is forced or held within minutes rather than months. */
const mood = { incidents: 50 }

/** A small town that lives through its last day at once and then goes on at the pace of the clock. */
export function runDemo({ data, config, mqtt, json }: DemoOptions): { stop(): void } {
  const abort = new AbortController()
  const say = (text: string) => {
    if (!json) process.stdout.write(`${text}\n`)
  }

  async function run(): Promise<void> {
    const endpoint = findEndpoint(dataPaths(data), 'api')
    if (endpoint === undefined) throw new Error('the API is not there')
    const operations = createRemoteOperations(endpoint)
    const { zone } = config
    const yours: NewDevice = {
      device: 'my-door',
      kind: 'terminal',
      site: 'nanshe',
      building: 'b01',
      point: 'd99',
      zone,
    }
    const town = planTown({ ...size, zone })
    const [own, ...devices] = await enrolSimulated(operations, data, [yours, ...town])
    say(`\na town of ${devices.length} doors and lanes lives here now; it first delivers its last 24 hours …`)

    let phase: TownProgress['phase'] | undefined
    let told = Date.now()
    const onProgress = (progress: TownProgress) => {
      if (phase !== 'live' && progress.phase === 'live') void showDay().catch(() => {})
      phase = progress.phase
      if (Date.now() - told < lineEveryMs) return
      told = Date.now()
      say(`${formatLocal(zone, told)}  ${progress.connected} connected, ${progress.acked} events acked`)
    }
    const showDay = async () => {
      const now = Date.now()
      const answer = await operations.flow({
        measure: 'passages', every: '1h', by: ['direction'], zone,
        from: formatLocal(zone, now - 12 * hourMs), to: formatLocal(zone, now + hourMs),
      }) // biome-ignore format: a question
      say(`\npassages of the last 12 hours (lintel flow --data ${data} --last 12h --by direction):`)
      say(
        renderTable(
          answer.rows.map(({ start, values, count }) => ({ start, direction: values[0], passages: count })),
        ),
      )
      say(`\n${instructions(own!, mqtt, data)}\n`)
    }
    const { signal } = abort
    await simulateTown({
      url: `mqtt://${mqtt.host}:${mqtt.port}`,
      devices,
      seed,
      historyMs,
      mood,
      snapshot: createScenes(seed),
      signal,
      onProgress,
    })
  }

  run().catch(error => {
    if (!abort.signal.aborted) say(`the demo has ended: ${messageOf(error)}`)
  })
  return { stop: () => abort.abort() }
}

function instructions(
  { device, token }: DeviceWithToken,
  { host, port }: DemoOptions['mqtt'],
  data: string,
): string {
  const event =
    '{"id":"1","type":"passage","time":"\'$(date -u +%FT%TZ)\'","data":{"direction":"in","result":"granted","method":"card"}}'
  return [
    'publish an event of your own, from another terminal (the same id again counts once):',
    '',
    `  mosquitto_pub -h ${host} -p ${port} -q 1 -i ${device} -u ${device} -P ${token} \\`,
    `    -t ${eventTopic(device)} -m '${event}'`,
    '',
    'and ask for it:',
    '',
    `  npx lintel flow --data ${data} --every 1d --by site,building,point`,
    `  npx lintel ledger --data ${data}`,
    '',
    'see what the cameras saw, redacted, with its boxes (the newest of all):',
    '',
    `  npx lintel snapshot list --data ${data}`,
    `  npx lintel snapshot show --data ${data} --out picture.jpg`,
  ].join('\n')
}
