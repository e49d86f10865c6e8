import { connect, type Socket } from 'node:net'
import mqtt from 'mqtt-packet'

/**
 * A publisher that costs as little as it can: raw sockets, packets encoded before the clock starts,
 * PUBACKs read by position. Used by the bench and by the crash test, which wants to know each ack.
 */
export interface FloodDevice {
  readonly device: string
  readonly token: string
}

export interface FloodOptions {
  readonly host: string
  readonly port: number
  readonly devices: readonly FloodDevice[]
  /** Unacked messages at most, a connection. */
  readonly window: number
  /** Messages of all connections together. */
  readonly count: number
  /** Messages a second of all connections together; as fast as the acks come without it. */
  readonly perS?: number
  /** The n-th message of a connection. */
  payload(connection: number, n: number): Buffer
  /** Where each connection begins to count; from 0 without it. */
  readonly from?: readonly number[]
  /** Each ack as it comes. */
  onAck?(connection: number, n: number): void
}

export interface FloodResult {
  /** Epoch ms when the first packet went out. */
  readonly startedAt: number
  readonly acked: number
  readonly seconds: number
  /** Ack latencies in ms, sorted. */
  readonly latencies: Float64Array
  /** Connections that ended before they were done. */
  readonly cut: number
}

const packetIds = 65_535

export async function flood(options: FloodOptions): Promise<FloodResult> {
  const { devices, count } = options
  const shares = devices.map(
    (_, i) => Math.floor(count / devices.length) + (i < count % devices.length ? 1 : 0),
  )
  const packets = devices.map(({ device }, i) =>
    Array.from({ length: shares[i]! }, (_, n) =>
      encode(device, n, options.payload(i, n + (options.from?.[i] ?? 0))),
    ),
  )
  const sockets = await Promise.all(devices.map(device => open(options, device)))
  const latencies = new Float64Array(count)
  let acked = 0
  const startedAt = Date.now()
  const started = performance.now()
  const perConnection = options.perS === undefined ? undefined : options.perS / devices.length
  const outcomes = await Promise.all(
    sockets.map((socket, i) =>
      send(socket, packets[i]!, options.window, perConnection, (n, ms) => {
        latencies[acked++] = ms
        options.onAck?.(i, n + (options.from?.[i] ?? 0))
      }),
    ),
  )
  const seconds = (performance.now() - started) / 1000
  for (const socket of sockets) socket.destroy()
  return {
    startedAt,
    acked,
    seconds,
    latencies: latencies.subarray(0, acked).sort(),
    cut: outcomes.filter(done => !done).length,
  }
}

export function encode(device: string, n: number, payload: Buffer): Buffer {
  const topic = `lintel/v1/${device}/event`
  return mqtt.generate({
    cmd: 'publish',
    topic,
    payload,
    qos: 1,
    messageId: (n % packetIds) + 1,
    retain: false,
    dup: false,
  })
}

/** Resolves once connected; rejects if the broker refuses. */
function open({ host, port }: FloodOptions, { device, token }: FloodDevice): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host)
    socket.setNoDelay(true)
    socket.once('error', reject)
    socket.once('connect', () => socket.write(connectPacket({ device, token })))
    socket.once('data', answer => {
      if (answer[0] !== 0x20 || answer[3] !== 0)
        return reject(new Error(`connection refused with code ${answer[3]}`))
      socket.off('error', reject)
      socket.on('error', () => {})
      resolve(socket)
    })
    socket.once('close', () => reject(new Error('the broker closed the connection')))
  })
}

/** True once every packet is acked, false if the connection ended before. */
function send(
  socket: Socket,
  packets: readonly Buffer[],
  window: number,
  perS: number | undefined,
  onAck: (n: number, ms: number) => void,
): Promise<boolean> {
  const sentAt = new Float64Array(packets.length)
  let sent = 0
  let acked = 0
  let rest = Buffer.alloc(0)
  const started = performance.now()

  const fill = () => {
    const now = performance.now()
    const due =
      perS === undefined
        ? packets.length
        : Math.min(packets.length, Math.floor(((now - started) / 1000) * perS) + 1)
    const until = Math.min(due, acked + window)
    if (sent >= until) return
    socket.cork()
    for (; sent < until; sent++) {
      sentAt[sent] = now
      socket.write(packets[sent]!)
    }
    socket.uncork()
  }

  return new Promise(resolve => {
    const timer = perS === undefined ? undefined : setInterval(fill, 2)
    const finish = (done: boolean) => {
      clearInterval(timer)
      resolve(done)
    }
    socket.on('close', () => finish(false))
    socket.on('data', chunk => {
      const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const now = performance.now()
      let position = 0
      for (; position + 4 <= data.length; position += 4) {
        if (data[position] !== 0x40) return socket.destroy(new Error('something else than a PUBACK came'))
        // Acks may only come in order (one journal, one order), and the message id says so.
        const id = data.readUInt16BE(position + 2)
        if (id !== (acked % packetIds) + 1) return socket.destroy(new Error(`ack ${id} out of order`))
        onAck(acked, now - sentAt[acked]!)
        acked++
      }
      rest = data.subarray(position)
      if (acked === packets.length) return finish(true)
      if (timer === undefined) fill()
    })
    fill()
  })
}

export function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** What the bench asks of a generator process. */
export interface GeneratorTask
  extends Pick<FloodOptions, 'host' | 'port' | 'devices' | 'window' | 'count' | 'perS'> {
  /** Makes the ids of this run its own. */
  readonly run: string
}

const eventBytes = 250

/** Passages of 250 bytes. */
export function someFloodOptions({ run, ...task }: GeneratorTask): FloodOptions {
  const time = new Date().toISOString()
  return {
    ...task,
    payload(connection, n) {
      const event = {
        specversion: '1.0',
        id: `${run}-${connection}-${n}`,
        source: '/doors',
        type: 'passage',
        time,
        data: {
          direction: n % 2 === 0 ? 'in' : 'out',
          result: 'granted',
          method: 'card',
          holder: 'resident',
        },
      }
      const text = JSON.stringify(event)
      return Buffer.from(
        text.replace(/}$/, `,"note":"${'x'.repeat(Math.max(0, eventBytes - text.length - 10))}"}`),
      )
    },
  }
}

export function connectPacket({ device, token }: FloodDevice): Buffer {
  const password = Buffer.from(token)
  return mqtt.generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    clientId: device,
    username: device,
    password,
    keepalive: 600,
  })
}
