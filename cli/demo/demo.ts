import { setTimeout as pause } from 'node:timers/promises'
import { Temporal } from 'temporal-polyfill'
import type { Operations } from '../../api/operations/operations.ts'
import { createRemoteOperations } from '../../api/operations/remote-operations.ts'
import type { Config } from '../../config/config.ts'
import { secondMs } from '../../core/clock.ts'
import { dataPaths, findEndpoint } from '../../core/data-directory.ts'
import { codeOf, messageOf } from '../../core/errors.ts'
import { plainLines } from '../../core/plain-text.ts'
import type { DeviceId } from '../../core/words.ts'
import { simulateTown, type TownProgress } from '../../devices/town/simulate.ts'
import { formatLocal } from '../../flow/zone.ts'
import { toQuestion } from '../flow/ask.ts'
import { formats } from '../flow/formats.ts'
import { sentencesFor } from '../flow/language.ts'
import { printText } from '../output.ts'
import { enrolSimulated } from '../simulated-devices.ts'
import { backfillHistory } from './history.ts'
import { instructions } from './instructions.ts'
import { createScenes } from './scenes.ts'
import { demoRules, planDemoIncidents, planDemoTown } from './town.ts'

export interface DemoOptions {
  readonly data: string
  readonly config: Config
  readonly mqtt: { readonly host: string; readonly port: number }
  readonly json: boolean
}

const lineEveryMs = 10 * secondMs
/** Pictures are analysed within seconds; if nothing analyses them, nobody has to wait for one. */
const pictureWaitMs = 60 * secondMs
const storeWaitMs = 60 * secondMs
const lookEveryMs = secondMs / 2

/** Runs a small town with four weeks of history, which continues in real time; soon each fault happens once. */
export function runDemo({ data, config, mqtt, json }: DemoOptions): { stop(): void } {
  const abort = new AbortController()
  const { signal } = abort
  const { zone } = config
  const say = (text: string) => {
    if (!json) printText(`${plainLines(text)}\n`)
  }

  async function run(): Promise<void> {
    const endpoint = findEndpoint(dataPaths(data), 'api')
    if (endpoint === undefined) throw new Error('the API is not there')
    const operations = createRemoteOperations(endpoint)
    const town = planDemoTown(zone)
    const { seed, mood, seen } = town
    const [own, ...devices] = await enrolSimulated(operations, data, [town.yours, ...town.devices])
    await setRules(operations)
    say(
      `\na town of ${devices.length} doors and lanes lives here now; first its last four weeks are delivered …`,
    )
    const began = Date.now()
    const events = await backfillHistory(operations, data, town, began)
    const now = Date.now()
    say(`${events} events of before, in ${Math.round((now - began) / secondMs)} s`)
    const incidents = planDemoIncidents(town, now)
    void tell(operations, now).catch(() => {})

    let told = now
    const onProgress = (progress: TownProgress) => {
      if (Date.now() - told < lineEveryMs) return
      told = Date.now()
      say(`${formatLocal(zone, told)}  ${progress.connected} connected, ${progress.acked} events acked`)
    }
    async function tell(operations: Operations, now: number): Promise<void> {
      await allStored(operations, signal)
      const ask = { measure: 'passages', last: '12h', by: 'direction', where: [] }
      const question = toQuestion(ask, zone, Temporal.Instant.fromEpochMilliseconds(now))
      const answer = await operations.flow(question)
      say(`\npassages of the last 12 hours (lintel flow --data ${data} --last 12h --by direction):`)
      say(formats.table!(answer, sentencesFor(process.env)))
      await firstPicture(operations, seen.device, signal).catch(() => {})
      say(`${instructions(own!, mqtt, data, seen.device)}\n`)
    }
    await simulateTown({
      url: `mqtt://${mqtt.host}:${mqtt.port}`,
      devices,
      seed,
      mood,
      incidents,
      snapshot: createScenes(seed, incidents, mood),
      signal,
      onProgress,
    })
  }

  run().catch(error => {
    if (!signal.aborted) say(`the demo has ended: ${messageOf(error)}`)
  })
  return { stop: () => abort.abort() }
}

/** Waits until the store has everything acked so far, so that hours which are over are shown with their final numbers. */
async function allStored({ overview }: Pick<Operations, 'overview'>, signal: AbortSignal): Promise<void> {
  for (let waited = 0; waited < storeWaitMs; waited += lookEveryMs) {
    if ((await overview()).gateway?.lag.intake === 0) return
    await pause(lookEveryMs, undefined, { signal })
  }
}

/** Waits until a picture of the device can be shown. */
async function firstPicture(
  { listSnapshots }: Pick<Operations, 'listSnapshots'>,
  device: DeviceId,
  signal: AbortSignal,
): Promise<void> {
  for (let waited = 0; waited < pictureWaitMs; waited += lookEveryMs) {
    if ((await listSnapshots({ device, limit: 1 })).length > 0) return
    await pause(lookEveryMs, undefined, { signal })
  }
}

/** Does not replace rules that somebody has set. */
async function setRules({ setRules }: Pick<Operations, 'setRules'>): Promise<void> {
  try {
    await setRules(demoRules, { expected: 0 })
  } catch (error) {
    if (codeOf(error) !== 'RULES_CONFLICT') throw error
  }
}
