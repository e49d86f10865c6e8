import type { MqttClient } from 'mqtt'
import type { Backoff } from '../../core/backoff.ts'
import { type Clock, minuteMs, secondMs } from '../../core/clock.ts'
import type { DeviceId } from '../../core/words.ts'
import { type Command, parseCommand } from '../../devices/client/command.ts'
import {
  type Connection,
  type ConnectionState,
  createConnection,
  type TlsOptions,
} from '../../devices/client/connection.ts'
import { systemAfter } from '../../devices/client/timers.ts'
import { commandTopic, statusTopic } from '../../devices/contract/topics.ts'
import type { Publish } from './outgoing.ts'

export interface LinkOptions {
  url: string
  account: DeviceId
  token: string
  tls: TlsOptions
  backoff?: Backoff
  refusedBackoff?: Backoff
  clock: Clock
  random: () => number
  /** Called when connected, once the centre has had time to say why the last connection ended. */
  onReady(publish: Publish): void
  onDown(): void
  onCommand(command: Command): void
  onState(state: ConnectionState): void
}

const keepaliveS = 60
const connectTimeoutMs = 20 * secondMs
const defaultBackoff = { firstMs: secondMs, maxMs: minuteMs }
const defaultRefusedBackoff = { firstMs: 5 * secondMs, maxMs: 2 * minuteMs }
/** A centre says why it ended the last connection within this time after its greeting, the time. */
const wordWithinMs = 50
/** Without a greeting within this time, the centre is not going to say anything. */
const greetedWithinMs = 5 * secondMs
const goodbyeMs = 2 * secondMs

const statusOf = (state: string) => Buffer.from(JSON.stringify({ state }))

/** The connection to the centre: that of a device, but it waits for a greeting. */
export function createLink(options: LinkOptions): Connection {
  const { account, clock, random } = options
  let cancel = () => {}
  let greeted = false

  function ready(client: MqttClient, afterMs: number): void {
    cancel()
    cancel = systemAfter(afterMs, () => {
      // Only a PUBACK counts: the callback may come with an error, or never.
      options.onReady((topic, payload, acked) =>
        client.publish(topic, payload, { qos: 1 }, error => {
          if (error == null) acked()
        }),
      )
    })
  }

  let link: MqttClient | undefined
  const connection = createConnection({
    url: options.url,
    device: account,
    token: options.token,
    tls: options.tls,
    keepaliveS,
    connectTimeoutMs,
    backoff: options.backoff ?? defaultBackoff,
    refusedBackoff: options.refusedBackoff ?? defaultRefusedBackoff,
    will: { topic: statusTopic(account), payload: statusOf('offline') },
    clock,
    random,
    after: systemAfter,
    onUp(client) {
      link = client
      greeted = false
      client.subscribe(commandTopic(account), { qos: 1 }, () => {})
      client.publish(statusTopic(account), statusOf('online'), { qos: 1, retain: true }, () => {})
      ready(client, greetedWithinMs)
    },
    onDown() {
      cancel()
      link = undefined
      options.onDown()
    },
    onMessage(topic, payload) {
      const command = topic === commandTopic(account) ? parseCommand(payload) : undefined
      if (command === undefined) return
      if (command.type === 'time' && !greeted && link !== undefined) {
        greeted = true
        ready(link, wordWithinMs)
      }
      options.onCommand(command)
    },
    onState: options.onState,
  })

  /** Its PUBACK means that everything before it was acked, too. */
  function sayOffline(client: MqttClient): Promise<void> {
    return new Promise(resolve => {
      systemAfter(goodbyeMs, resolve)
      client.once('close', () => resolve())
      client.publish(statusTopic(account), statusOf('offline'), { qos: 1, retain: true }, () => resolve())
    })
  }

  return {
    ...connection,
    async close(goodbye) {
      if (goodbye && link !== undefined) await sayOffline(link)
      await connection.close(goodbye)
    },
  }
}
