import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import mqttPacket, { type IConnectPacket, type Packet } from 'mqtt-packet'
import { onTestFinished } from 'vitest'
import { eventually } from './eventually.ts'
import type { Gateway } from './gateway.ts'

/** An MQTT client that does only what it is told, and so also what no client would. */
export class RawClient {
  readonly socket: Socket
  /** Everything that came, in order. */
  readonly received: Packet[] = []
  closed = false
  #taken = 0

  constructor(socket: Socket) {
    this.socket = socket
    const parser = mqttPacket.parser({ protocolVersion: 4 })
    parser.on('packet', packet => this.received.push(packet))
    // What is no MQTT is an HTTP answer, and of no interest here.
    parser.on('error', () => {})
    socket.on('data', bytes => parser.parse(bytes))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.closed = true
    })
    onTestFinished(() => void socket.destroy())
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1')
    const client = new RawClient(socket)
    await once(socket, 'connect')
    return client
  }

  send(...packets: Packet[]): void {
    this.socket.write(Buffer.concat(packets.map(packet => mqttPacket.generate(packet))))
  }

  /** The next packet of that kind that nobody has taken yet; earlier ones of other kinds are passed over. */
  async next<C extends Packet['cmd']>(cmd: C): Promise<Extract<Packet, { cmd: C }>> {
    const at = await eventually(() => {
      const index = this.received.findIndex((packet, i) => i >= this.#taken && packet.cmd === cmd)
      if (index < 0)
        throw new Error(`no ${cmd} has come; ${this.closed ? 'the connection is closed' : 'still connected'}`)
      return index + 1
    })
    this.#taken = at
    return this.received[at - 1] as Extract<Packet, { cmd: C }>
  }

  count(cmd: Packet['cmd']): number {
    return this.received.filter(packet => packet.cmd === cmd).length
  }

  /** Ids of the PUBACKs, in the order in which they came. */
  acks(): number[] {
    return this.received.flatMap(packet => (packet.cmd === 'puback' ? [packet.messageId!] : []))
  }

  async ended(): Promise<void> {
    await eventually(() => this.closed)
  }

  /** Answered pings show that everything sent before has been dealt with, and that the connection lives. */
  async ping(): Promise<void> {
    const before = this.count('pingresp')
    this.send({ cmd: 'pingreq' })
    await eventually(() => this.count('pingresp') > before)
  }
}

export const connectPacket = (device: string, token: string, change: Partial<IConnectPacket> = {}): IConnectPacket => ({
  cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 60,
  clientId: device, username: device, password: Buffer.from(token), ...change,
}) // biome-ignore format: one packet

/** A device that has connected and been let in. */
export async function connectDevice(
  gateway: Gateway,
  device: string,
  change: Partial<IConnectPacket> = {},
): Promise<RawClient> {
  const client = await RawClient.open(gateway.port)
  client.send(connectPacket(device, gateway.tokenOf(device), change))
  const { returnCode } = await client.next('connack')
  if (returnCode !== 0) throw new Error(`${device} was refused with ${returnCode}`)
  return client
}

/** What a stranger gets: the return code of its CONNACK, or none where the connection just ends. */
export async function tryConnect(port: number, packet: IConnectPacket): Promise<number | undefined> {
  const client = await RawClient.open(port)
  client.send(packet)
  await eventually(() => client.closed || client.count('connack') > 0)
  const connack = client.received.find(({ cmd }) => cmd === 'connack')
  if (connack === undefined || connack.cmd !== 'connack') return undefined
  if (connack.returnCode !== 0) await client.ended()
  return connack.returnCode
}
