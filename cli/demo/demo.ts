import type { Operations } from '../../api/operations/operations.ts'
import { createRemoteOperations } from '../../api/operations/remote-operations.ts'
import { hourMs, minuteMs, secondMs } from '../../core/clock.ts'
import type { Config } from '../../core/config.ts'
import { dataPaths, findEndpoint } from '../../core/data-directory.ts'
import { codeOf, messageOf } from '../../core/errors.ts'
import { plainLines } from '../../core/plain-text.ts'
import { eventTopic } from '../../devices/contract/topics.ts'
import type { NewDevice } from '../../devices/registry/device.ts'
import { type Crowd, crowdEvents } from '../../devices/town/crowds.ts'
import { type Incidents, planIncidents } from '../../devices/town/incidents.ts'
import { planTown } from '../../devices/town/plan.ts'
import { simulateTown, type TownProgress } from '../../devices/town/simulate.ts'
import { formatLocal } from '../../flow/zone.ts'
import { demoFlow } from '../../ingest/demo/faults.ts'
import { printText, renderTable } from '../output.ts'
import { type DeviceWithToken, enrolSimulated } from '../simulated-devices.ts'
import { backfillHistory } from './history.ts'
import { createScenes } from './scenes.ts'

export interface DemoOptions {
  readonly data: string
  readonly config: Config
  readonly mqtt: { readonly host: string; readonly port: number }
  readonly json: boolean
}

const seed = 1
const size = { seed, sites: 2, buildingsPerSite: 3, doorsPerBuilding: 4, checkpoints: 1 }
const lineEveryMs = 10 * secondMs
/** Doors that a crowd goes through every day are fullest so soon. */
const fullInMs = 10 * minuteMs
/** A market is known once somebody has been counted. */
const marketGoesOnMs = minuteMs
const canteenGoesOnMs = 2 * hourMs
/**
 * A database that is away for a minute and a half is behind by no more; and where chance has used up the budget of the
 * week before, a rush would not be told. All else is as it is anywhere.
 */
export const demoRules = {
  rules: {
    'journal-lag': { bad: 60, good: 20, forS: 0 },
    'flow-high': { budgetPerWeek: 1 },
  },
}

/** A small town with four weeks behind it, which goes on at the pace of the clock; soon everything goes wrong in it once. */
export function runDemo({ data, config, mqtt, json }: DemoOptions): { stop(): void } {
  const abort = new AbortController()
  const say = (text: string) => {
    if (!json) printText(`${plainLines(text)}\n`)
  }

  async function run(): Promise<void> {
    const endpoint = findEndpoint(dataPaths(data), 'api')
    if (endpoint === undefined) throw new Error('the API is not there')
    const operations = createRemoteOperations(endpoint)
    const { zone } = config
    const place = { kind: 'terminal', site: 'nanshe', zone } as const
    const yours: NewDevice = { ...place, device: 'my-door', building: 'b01', point: 'd99' }
    const market: NewDevice = { ...place, device: 'nanshe-market', building: 'market', point: 'd01' }
    const canteen: NewDevice = { ...place, device: 'nanshe-canteen', building: 'canteen', point: 'd01' }
    const town = [...planTown({ ...size, zone }), market, canteen]
    const [own, ...devices] = await enrolSimulated(operations, data, [yours, ...town])
    await setRules(operations)
    say(
      `\na town of ${devices.length} doors and lanes lives here now; first its last four weeks are delivered …`,
    )
    const watched = town.filter(({ site, kind }) => site === 'nanshe' && kind === 'terminal')
    const began = Date.now()
    const crowds = {
      market: { device: market.device, perMinute: 9, fullAt: began + fullInMs },
      canteen: { device: canteen.device, perMinute: 3, fullAt: began + fullInMs },
    }
    const history = { devices: town, watched, crowds: Object.values(crowds), seed }
    const events = await backfillHistory(operations, data, history, began)
    say(`${events} events of before, in ${Math.round((Date.now() - began) / secondMs)} s`)
    const incidents = incidentsOf(town, crowds, Date.now())
    void showDay().catch(() => {})

    let told = Date.now()
    const onProgress = (progress: TownProgress) => {
      if (Date.now() - told < lineEveryMs) return
      told = Date.now()
      say(`${formatLocal(zone, told)}  ${progress.connected} connected, ${progress.acked} events acked`)
    }
    async function showDay(): Promise<void> {
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
      incidents,
      snapshot: createScenes(seed, incidents),
      signal,
      onProgress,
    })
  }

  run().catch(error => {
    if (!abort.signal.aborted) say(`the demo has ended: ${messageOf(error)}`)
  })
  return { stop: () => abort.abort() }
}

/** Whoever has set rules of their own keeps them. */
async function setRules({ setRules }: Pick<Operations, 'setRules'>): Promise<void> {
  try {
    await setRules(demoRules, { expected: 0 })
  } catch (error) {
    if (codeOf(error) !== 'RULES_CONFLICT') throw error
  }
}

interface Crowds {
  readonly market: Crowd
  readonly canteen: Crowd
}

function incidentsOf(town: readonly NewDevice[], { market, canteen }: Crowds, now: number): Incidents {
  const crowded = [market.device, canteen.device]
  const at = (site: string) =>
    town.flatMap(({ site: its, device }) => (its === site && !crowded.includes(device) ? [device] : []))
  const other = town.find(({ site }) => site !== 'nanshe')!.site
  const lane = town.find(({ kind }) => kind === 'checkpoint')!.device
  const stepMs = demoFlow.flowStepMin * minuteMs
  // In the next count that is whole, and in which the market is known.
  const rushAt = (Math.floor((now + minuteMs) / stepMs) + 1) * stepMs + 10 * secondMs
  const goesOn = (crowd: Crowd, forMs: number) =>
    [...crowdEvents(crowd, now, now + forMs, seed)].map(event => ({ ...event, device: crowd.device }))
  const places = {
    doors: at('nanshe'),
    blackout: at(other),
    lane,
    market: market.device,
    canteen: canteen.device,
    everyday: [...goesOn(market, marketGoesOnMs), ...goesOn(canteen, canteenGoesOnMs)],
  }
  return planIncidents(places, now + 5 * secondMs, rushAt)
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
    '',
    'within the next four minutes one of everything goes wrong, and in up to twelve the flow does; see it with',
    '',
    `  npx lintel alerts list --data ${data}`,
  ].join('\n')
}
