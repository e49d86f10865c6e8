import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface TcpProxy {
  readonly port: number
  /** Everything that goes through is cut, and nothing gets through until `restore`. */
  cut(): void
  restore(): void
  /** Bytes that went up, towards the target. */
  readonly bytes: number
}

/** A network between two processes that can be taken away. The target may change its port, as a restarted service does. */
export async function openTcpProxy(target: () => number): Promise<TcpProxy> {
  const open = new Set<Socket>()
  let isCut = false
  let bytes = 0
  const server = createServer(near => {
    if (isCut) return near.destroy()
    const far = connect(target(), '127.0.0.1')
    for (const socket of [near, far]) {
      socket.setNoDelay(true)
      open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        open.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.on('data', chunk => {
      bytes += chunk.length
    })
    near.pipe(far)
    far.pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    isCut = true
    for (const socket of open) socket.resetAndDestroy()
  }
  onTestFinished(() => {
    cut()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    restore() {
      isCut = false
    },
    get bytes() {
      return bytes
    },
  }
}
