import type { Socket } from 'node:net'
import type { Client } from 'aedes'
import type { DeviceId } from '../../core/words.ts'
import { saidGoodbye } from './aedes-internals.ts'
import type { Session } from './session.ts'

/** The ways in which devices connect. */
export type ListenerName = 'tcp' | 'tls' | 'websocket'

/** A device has connected, or is gone. */
export interface Connection {
  readonly is: 'connected' | 'gone'
  readonly device: DeviceId
  readonly address: string | undefined
  readonly listener: ListenerName
  /** The reason why it is gone; `forMs` is how long it was connected. */
  readonly reason?: string
  readonly forMs?: number
}

/** Tells how a socket ended: by an error of the network, because the other side closed it, or undefined. */
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

/** Tells why the connection of a device has ended: our own reason, otherwise the device's, otherwise that of the socket. */
export function endingOf(session: Session, client: Client, leaving: string | undefined): string {
  return session.ending ?? (saidGoodbye(client) ? 'it disconnected' : (leaving ?? 'it was closed here'))
}
