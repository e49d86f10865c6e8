import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectAsync } from 'mqtt'
import { dataPaths, findEndpoint } from '../../core/data-directory.ts'
import { eventTopic } from '../../devices/contract/topics.ts'
import { type FloodDevice, type GeneratorTask, percentile } from '../ingest/flood.ts'
import { round } from '../machine.ts'
import { runOnce, startService } from '../service.ts'
import { type Heard, listenLive, listenWebhook } from './listen.ts'

const generator = new URL('../ingest/generator.ts', import.meta.url)
const publishers = 50

export interface LatencyOptions {
  /** Events a second beside the alerts. */
  readonly perS: number
  readonly alertsPerS: number
  readonly seconds: number
}

/**
 * From the moment at which a device publishes that its door was forced to the live stream and to a local webhook,
 * while others publish so many events a second. Each alert is another door's.
 */
export async function benchLatency({ perS, alertsPerS, seconds }: LatencyOptions) {
  const data = await mkdtemp(join(tmpdir(), 'lintel-bench-'))
  const hook = await listenWebhook()
  const config = join(data, 'lintel.json')
  await writeFile(
    config,
    JSON.stringify({
      tagger: { workers: 0 },
      alerts: { channels: { hook: { kind: 'webhook', url: hook.url } } },
    }),
  )
  const service = await startService(join(data, 'data'), 0, ['--config', config])
  try {
    const count = alertsPerS * seconds
    const rows = [
      ...Array.from({ length: publishers }, (_, i) => `busy-${i},terminal,nanshe,b01,p${i}`),
      ...Array.from({ length: count }, (_, i) => `door-${i},terminal,nanshe,b02,d${i}`),
    ]
    const csv = `device,kind,site,building,point\n${rows.join('\n')}`
    const devices = [...(await service.operations.importDevices(csv)).tokens] as FloodDevice[]
    const live = await listenLive(findEndpoint(dataPaths(join(data, 'data')), 'api')!)
    const task: GeneratorTask = {
      ...service.mqtt,
      devices: devices.slice(0, publishers),
      window: 20,
      count: perS * (seconds + 6),
      perS,
      run: 'bench',
    }
    const load = runOnce<{ acked: number; seconds: number }>(generator, task)
    await sleep(3000)
    const published: Heard = new Map()
    const alarms = devices.slice(publishers)
    const begun = performance.now()
    for (const [index, { device, token }] of alarms.entries()) {
      await sleep(Math.max(0, (index * 1000) / alertsPerS - (performance.now() - begun)))
      void force(service.mqtt, device, token, () => published.set(`d${index}`, Date.now()))
    }
    const { acked, seconds: took } = await load
    await sleep(3000)
    live.stop()
    return {
      eventsPerS: round(acked / took),
      alerts: published.size,
      ...latencies('live', published, live.heard),
      ...latencies('webhook', published, hook.heard),
      webhookMessages: hook.messages(),
    }
  } finally {
    hook.stop()
    await service.stop()
    await rm(data, { recursive: true })
  }
}

/** Connects, says that it was forced, and leaves once that is acked. */
async function force(
  { host, port }: { host: string; port: number },
  device: string,
  token: string,
  publishing: () => void,
): Promise<void> {
  const client = await connectAsync(`mqtt://${host}:${port}`, {
    clientId: device,
    username: device,
    password: token,
  })
  const event = { id: 'forced-1', type: 'door', time: new Date().toISOString(), data: { state: 'forced' } }
  publishing()
  await client.publishAsync(eventTopic(device), JSON.stringify(event), { qos: 1 })
  await client.endAsync()
}

function latencies(name: string, published: Heard, heard: Heard) {
  const found = [...published].flatMap(([point, at]) => (heard.has(point) ? [heard.get(point)! - at] : []))
  const sorted = Float64Array.from(found).sort()
  return {
    [`${name}Heard`]: sorted.length,
    [`${name}P50Ms`]: round(percentile(sorted, 0.5)),
    [`${name}P99Ms`]: round(percentile(sorted, 0.99)),
    [`${name}MaxMs`]: round(sorted.at(-1) ?? Number.NaN),
  }
}
