import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { parser } from 'mqtt-packet'
import { onTestFinished } from 'vitest'

/** A network that breaks when the first event is acked, before the ack gets through; whole from then on. */
export async function openDeafProxy(targetPort: number): Promise<number> {
  const open = new Set<Socket>()
  let lost = false
  const server = createServer(near => {
    const far = connect(targetPort, '127.0.0.1')
    const acks = new Set<number | undefined>()
    const up = parser({ protocolVersion: 4 })
    const down = parser({ protocolVersion: 4 })
    const cut = () => {
      near.destroy()
      far.destroy()
    }
    up.on('packet', packet => {
      if (packet.cmd === 'publish' && packet.topic.endsWith('/event')) acks.add(packet.messageId)
    })
    down.on('packet', packet => {
      if (lost || packet.cmd !== 'puback' || !acks.has(packet.messageId)) return
      lost = true
      cut()
    })
    for (const socket of [near, far]) {
      open.add(socket)
      socket.on('error', () => {})
      socket.on('close', cut)
    }
    near.on('data', chunk => {
      up.parse(chunk)
      far.write(chunk)
    })
    far.on('data', chunk => {
      down.parse(chunk)
      if (!near.destroyed) near.write(chunk)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  return (server.address() as AddressInfo).port
}
