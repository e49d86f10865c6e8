import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import mqtt from 'mqtt-packet'
import { dataPaths, findEndpoint } from '../../core/data-directory.ts'
import { statusTopic } from '../../devices/contract/topics.ts'
import type { FloodDevice } from '../ingest/flood.ts'
import { startService } from '../service.ts'
import { listenLive, listenWebhook } from './listen.ts'

export interface StormOptions {
  readonly doors: number
  readonly sites: number
  /** How long all are away, and how long they are back, three times. */
  readonly awayS: number
  readonly backS: number
}

const times = 3
/** So long after the last return, what is over is told as well. */
const afterS = 1100

/** Every door of a town drops off, then returns, three times: how many alerts, and how many messages tell of them. */
export async function benchStorm({ doors, sites, awayS, backS }: StormOptions) {
  const directory = await mkdtemp(join(tmpdir(), 'lintel-bench-'))
  const hook = await listenWebhook()
  const config = join(directory, 'lintel.json')
  const channels = { hook: { kind: 'webhook', url: hook.url } }
  await writeFile(config, JSON.stringify({ tagger: { workers: 0 }, alerts: { channels } }))
  const data = join(directory, 'data')
  const service = await startService(data, 0, ['--config', config])
  try {
    const rows = Array.from(
      { length: doors },
      (_, i) => `door-${i},terminal,site-${i % sites},b${i % 40},d${i}`,
    )
    const csv = `device,kind,site,building,point\n${rows.join('\n')}`
    const devices = [...(await service.operations.importDevices(csv)).tokens] as FloodDevice[]
    const live = await listenLive(findEndpoint(dataPaths(data), 'api')!)
    let open = await connectAll(service.mqtt, devices)
    await sleep(5000)
    const messages: number[] = []
    for (let time = 0; time < times; time++) {
      for (const socket of open) socket.destroy()
      await sleep(awayS * 1000)
      open = await connectAll(service.mqtt, devices)
      await sleep(backS * 1000)
      messages.push(hook.messages())
    }
    await sleep(afterS * 1000)
    for (const socket of open) socket.destroy()
    const { alerts } = await service.operations.listAlerts({ limit: 200 })
    live.stop()
    return {
      doors,
      sites,
      alerts: alerts.length,
      rules: [...new Set(alerts.map(({ rule }) => rule))].join(', '),
      mostOfASite: Math.max(
        ...Object.values(Object.groupBy(alerts, ({ place }) => place.site ?? '')).map(of => of!.length),
      ),
      messagesAfterEach: messages.join(', '),
      messages: hook.messages(),
      changes: live.messages(),
    }
  } finally {
    hook.stop()
    await service.stop()
    await rm(directory, { recursive: true })
  }
}

async function connectAll(
  broker: { host: string; port: number },
  devices: readonly FloodDevice[],
): Promise<Socket[]> {
  const sockets: Socket[] = []
  for (const device of devices) {
    sockets.push(await open(broker, device))
  }
  return sockets
}

/** With a will, and a word that it is there. */
function open(
  { host, port }: { host: string; port: number },
  { device, token }: FloodDevice,
): Promise<Socket> {
  const topic = statusTopic(device)
  const status = (state: string) => Buffer.from(JSON.stringify({ state }))
  return new Promise((resolve, reject) => {
    const socket = connect(port, host)
    socket.once('error', reject)
    socket.write(
      mqtt.generate({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clean: true,
        clientId: device,
        username: device,
        password: Buffer.from(token),
        keepalive: 0,
        will: { topic, payload: status('offline'), qos: 1, retain: true },
      }),
    )
    socket.once('data', answer => {
      if (answer[3] !== 0) return reject(new Error(`connection refused with code ${answer[3]}`))
      socket
        .removeAllListeners('error')
        .on('error', () => {})
        .resume()
      const online = {
        cmd: 'publish',
        topic,
        payload: status('online'),
        qos: 1,
        messageId: 1,
        retain: true,
        dup: false,
      } as const
      socket.write(mqtt.generate(online))
      resolve(socket)
    })
  })
}
