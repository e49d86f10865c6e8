import type { Socket } from 'node:net'
import type { Client } from 'aedes'
import type { DeviceId } from '../../core/words.ts'
import { saidGoodbye } from './aedes-internals.ts'
import type { Session } from './session.ts'

/** How devices come in. */
export type ListenerName = 'tcp' | 'tls' | 'websocket'

/** A device has connected, or is gone. */
export interface Connection {
  readonly is: 'connected' | 'gone'
  readonly device: DeviceId
  readonly address: string | undefined
  readonly listener: ListenerName
  /** Why it is gone, and how long it was there. */
  readonly reason?: string
  readonly forMs?: number
}

/** How a socket ended: an error of the network, that the other side closed it, or nothing. */
export function watchLeaving(socket: Socket): () => string | undefined {
  let said: string | undefined
  socket.once('end', () => {
    said ??= 'it closed the connection without DISCONNECT'
  })
  socket.once('error', (error: NodeJS.ErrnoException) => {
    said ??= `network: ${error.code ?? error.message}`
  })
  return () => said
}

/** Why the connection of a device has ended: what we say of it, then the device, then the socket. */
export function endingOf(session: Session, client: Client, leaving: string | undefined): string {
  return session.ending ?? (saidGoodbye(client) ? 'it disconnected' : (leaving ?? 'it was closed here'))
}
