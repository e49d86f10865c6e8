import { createServer, type Socket } from 'node:net'
import { Aedes, type AuthenticateError } from 'aedes'

export interface Seen {
  readonly topic: string
  readonly payload: Buffer
  readonly retain: boolean
}

export interface BareBroker {
  readonly url: string
  readonly port: number
  /** Every publish that was acknowledged, in order. */
  readonly acked: Seen[]
  /** Every publish that came in, acknowledged or not. */
  readonly seen: Seen[]
  say(topic: string, payload: unknown): void
  /** Breaks every connection, as a pulled cable would. */
  cutAll(): void
  connections(): number
  /** As kill -9 would: connections break, nothing is said. */
  kill(): Promise<void>
}

/** `never` leaves a publish without PUBACK; `cut` breaks the connection instead. */
export type Answer = 'ack' | 'never' | 'cut'

export interface BareBrokerOptions {
  port?: number
  answer?(packet: Seen, index: number): Answer
  /** A return code for CONNACK; 0 lets the client in. */
  returnCode?(client: string, password: string): number
}

/** An Aedes of its own for tests of what talks to a broker, with the faults that real ones show. */
export async function startBareBroker(options: BareBrokerOptions = {}): Promise<BareBroker> {
  const broker = await Aedes.createBroker()
  const sockets = new Set<Socket>()
  const acked: Seen[] = []
  const seen: Seen[] = []
  broker.authenticate = (client, _username, password, done) => {
    const returnCode = options.returnCode?.(client.id, password?.toString() ?? '') ?? 0
    if (returnCode === 0) return done(null, true)
    done(Object.assign(new Error('no'), { returnCode }) as AuthenticateError, false)
  }
  broker.authorizePublish = (client, packet, done) => {
    const entry = { topic: packet.topic, payload: Buffer.from(packet.payload), retain: packet.retain }
    const answer = options.answer?.(entry, seen.length) ?? 'ack'
    seen.push(entry)
    if (answer === 'never') return
    if (answer === 'cut') return void (client as unknown as { conn: Socket } | null)?.conn.destroy()
    acked.push(entry)
    done(null)
  }
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    broker.handle(socket)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as { port: number }
  const cutAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    acked,
    seen,
    say(topic, payload) {
      const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
      broker.publish({ cmd: 'publish', topic, payload: text, qos: 1, retain: false, dup: false }, () => {})
    },
    cutAll,
    connections: () => sockets.size,
    async kill() {
      const closed = new Promise(resolve => server.close(resolve))
      cutAll()
      await closed
      await new Promise<void>(resolve => broker.close(resolve))
    },
  }
}

/** The events of a message, whether it is one or an array. */
export function eventsIn({
  payload,
}: Seen): { id: string; type: string; time: string; data: Record<string, unknown> }[] {
  const value = JSON.parse(payload.toString())
  return Array.isArray(value) ? value : [value]
}

/** Waits for a condition that other processes or sockets bring about. */
export async function eventually(condition: () => boolean, withinMs = 5_000): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not come about in time')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
