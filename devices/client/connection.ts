import type { ConnectionOptions as TlsClientOptions } from 'node:tls'
import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import { type Backoff, backoffMs } from '../../core/backoff.ts'
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { DeviceId } from '../../core/words.ts'
import type { After } from './timers.ts'

export type TlsOptions = Pick<
  TlsClientOptions,
  'ca' | 'cert' | 'key' | 'passphrase' | 'servername' | 'rejectUnauthorized'
>

export type ConnectionState =
  | { readonly state: 'online' }
  | { readonly state: 'offline'; readonly reason: string; readonly retryInMs: number }
  /** The broker refused the connection (a CONNACK with a return code): somebody must check the id or the token. */
  | {
      readonly state: 'refused'
      readonly returnCode: number
      readonly reason: string
      readonly retryInMs: number
    }

export interface Will {
  readonly topic: string
  readonly payload: Buffer
}

export interface ConnectionOptions {
  url: string
  device: DeviceId
  token: string
  tls: TlsOptions
  keepaliveS: number
  connectTimeoutMs: number
  backoff: Backoff
  refusedBackoff: Backoff
  will: Will
  clock: Clock
  random: () => number
  after: After
  onUp(link: MqttClient): void
  onDown(): void
  onMessage(topic: string, payload: Buffer): void
  onState(state: ConnectionState): void
}

export interface Connection {
  open(): void
  /** Call it when something was acknowledged: the broker works, so the next wait is short again. */
  proven(): void
  /** Drops a useless connection; the next one comes after the usual wait. */
  cut(reason: string): void
  /** With `goodbye` a DISCONNECT is sent, and the broker does not publish the will. */
  close(goodbye: boolean): Promise<void>
}

/** A connection that lasted this long counts as good, even if there was nothing to acknowledge. */
const stableMs = 60_000
const goodbyeMs = 2_000
/** Return codes that do not pass by themselves; 3, server unavailable, does. */
const lastingReturnCodes = [1, 2, 4, 5]

/**
 * Keeps one MQTT connection up. Every attempt is a new client of the library with reconnecting off: the library waits
 * fixed times without jitter (mqttjs/MQTT.js#561), gives up for ever after any CONNACK refusal, and may resend or discard
 * messages of an old connection (#2015).
 */
export function createConnection(options: ConnectionOptions): Connection {
  const { clock, random, after, onState } = options
  let link: MqttClient | undefined
  let failures = 0
  let refusals = 0
  let cutReason: string | undefined
  let cancelRetry = () => {}
  let closed = false

  function open(): void {
    const client = connect(options.url, {
      protocolVersion: 4,
      clean: true,
      clientId: options.device,
      username: options.device,
      password: options.token,
      keepalive: options.keepaliveS,
      connectTimeout: options.connectTimeoutMs,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      will: { ...options.will, qos: 1, retain: true },
      ...options.tls,
    } as IClientOptions)
    link = client
    let upAt: number | undefined
    let failure: Error | undefined
    client.on('error', error => {
      failure = error
    })
    client.on('connect', () => {
      upAt = clock()
      refusals = 0
      onState({ state: 'online' })
      options.onUp(client)
    })
    client.on('message', (topic, payload) => options.onMessage(topic, payload))
    client.on('close', () => {
      if (link !== client) return
      link = undefined
      options.onDown()
      if (upAt !== undefined && clock() - upAt >= stableMs) failures = 0
      retry(failure)
      cutReason = undefined
    })
  }

  function retry(failure: Error | undefined): void {
    if (closed) return
    const reason = cutReason ?? (failure === undefined ? 'the connection was closed' : messageOf(failure))
    const returnCode = (failure as { code?: unknown } | undefined)?.code
    if (typeof returnCode === 'number' && lastingReturnCodes.includes(returnCode)) {
      const retryInMs = backoffMs(++refusals, options.refusedBackoff, random())
      cancelRetry = after(retryInMs, open)
      onState({ state: 'refused', returnCode, reason, retryInMs })
      return
    }
    const retryInMs = backoffMs(++failures, options.backoff, random())
    cancelRetry = after(retryInMs, open)
    onState({ state: 'offline', reason, retryInMs })
  }

  return {
    open,
    proven() {
      failures = 0
    },
    cut(reason) {
      cutReason = reason
      link?.end(true)
    },
    async close(goodbye) {
      closed = true
      cancelRetry()
      const client = link
      if (client === undefined) return
      await new Promise<void>(resolve => {
        client.once('close', resolve)
        // `end(false)` waits for every outstanding PUBACK, perhaps for ever, and an `end(true)` after it does nothing.
        const cancel = after(goodbyeMs, () => client.stream.destroy())
        client.once('close', cancel)
        client.end(!(goodbye && client.connected))
      })
    },
  }
}
