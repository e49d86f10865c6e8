import { createServer as createHttpServer, type Server as HttpServer, type ServerOptions } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { LintelError } from '../../core/errors.ts'
import { listenFailure } from '../../core/listen-failure.ts'
import { limitMessages } from './aedes-internals.ts'
import type { ListenerName } from './connection.ts'
import { Doorstep } from './doorstep.ts'
import { addressOf, handshakeFault } from './handshake-fault.ts'
import { commonNameOf, type TlsFiles, tlsContext, tlsOptions } from './tls.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

export interface ListenerOptions {
  readonly tcp?: Address
  readonly tls?: Address & TlsFiles
  readonly websocket?: Address & { readonly tls?: TlsFiles }
  readonly maxConnections: number
  /** Most connections that have not yet identified themselves. */
  readonly maxUnidentified: number
  /** The time for a connection to identify itself, and as long again for TLS and the WebSocket before it; 10 s if left out. */
  readonly identifyWithinMs?: number
  /** Longest packet of an identified device, in bytes; before that the limit is far lower. */
  readonly maxPacketBytes: number
}

export interface Connected {
  readonly conn: Duplex
  readonly socket: Socket
  readonly listener: ListenerName
  readonly address: string | undefined
  /** From a certificate that the CA has signed. */
  readonly commonName: string | undefined
  /** Call it once the client is identified. */
  readonly onIdentified: () => void
}

export interface ListenerParts {
  accept(connected: Connected): void
  refused(error: unknown, address: string | undefined): void
}

export interface Listeners {
  /** The address of each listener; a port of 0 in the options has become a real one. */
  readonly addresses: Readonly<Partial<Record<ListenerName, Address>>>
  /** Accepts no new connections; open ones stay. Resolves when the last of them has ended. */
  close(): Promise<void>
  /** Connections that were closed to make room for others before they had identified themselves. */
  displaced(): number
  /**
   * Reads certificates again, for new connections; open ones stay. Throws as `listen` does for files, and then keeps the
   * old certificates.
   */
  renew(files: RenewedFiles): void
  /** Ends all connections. */
  cut(): void
}

/** The files by listener. */
export type RenewedFiles = Readonly<Partial<Record<'tls' | 'websocket', TlsFiles | undefined>>>

type HttpTimeouts = Pick<ServerOptions, 'headersTimeout' | 'requestTimeout' | 'connectionsCheckingInterval'>

export const defaultIdentifyWithinMs = 10_000
const keepAliveMs = 60_000
const maxUnidentifiedMessageBytes = 16 * 1024

/**
 * Opens every configured listener or none. Throws PORT_TAKEN, CONFIG_INVALID for a wrong file or address,
 * DATA_UNAVAILABLE for one that cannot be used now.
 */
export async function listen(
  options: ListenerOptions,
  { accept, refused }: ListenerParts,
): Promise<Listeners> {
  const { identifyWithinMs = defaultIdentifyWithinMs } = options
  const servers: Server[] = []
  const addresses: Partial<Record<ListenerName, Address>> = {}
  const doorstep = new Doorstep(options)
  const secure = new Map<'tls' | 'websocket', TlsServer>()

  function admitSocket(socket: Socket): boolean {
    const answer = doorstep.enter(socket)
    if (answer === 'full') {
      refused(new LintelError('CONNECT_LIMIT', 'there are too many connections'), socket.remoteAddress)
      socket.destroy()
      return false
    }
    for (const displaced of answer) {
      const what = 'it had not said who it is, and made room for another'
      refused(new LintelError('CONNECT_LIMIT', what), displaced.remoteAddress)
      displaced.destroy()
    }
    // Asked now, the address is known even after the connection has ended.
    void socket.remoteAddress
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveMs)
    return true
  }

  async function start(name: keyof typeof addresses, server: Server | HttpServer, { host, port }: Address) {
    servers.push(server)
    await new Promise<void>((resolve, reject) => {
      server.once('error', error => reject(listenFailure(`mqtt.${name}`, `${host}:${port}`, error)))
      server.listen(port, host, resolve)
    })
    server.on('error', () => {})
    addresses[name] = { host, port: (server.address() as { port: number }).port }
  }

  function tcpServer(): Server {
    return createServer(socket => {
      const { remoteAddress: address } = socket
      if (!admitSocket(socket)) return
      const onIdentified = doorstep.leaver(socket)
      accept({ conn: socket, socket, listener: 'tcp', address, commonName: undefined, onIdentified })
    })
  }

  function tlsServer(files: TlsFiles): Server {
    const server = createTlsServer(tlsOptions('tls', files, identifyWithinMs), socket => {
      const { remoteAddress: address } = socket
      const onIdentified = doorstep.leaver(socket)
      const commonName = commonNameOf(socket)
      accept({ conn: socket, socket, listener: 'tls', address, commonName, onIdentified })
    })
    server.on('connection', admitSocket)
    secure.set('tls', server)
    return onTlsError(server)
  }

  function webSocketServer(files: TlsFiles | undefined): HttpServer {
    // Node looks only this often for connections that have not upgraded in time.
    const timeouts = {
      headersTimeout: identifyWithinMs,
      requestTimeout: identifyWithinMs,
      connectionsCheckingInterval: identifyWithinMs / 5,
    }
    const server = files === undefined ? createHttpServer(timeouts) : secureWebSocketServer(files, timeouts)
    server.on('connection', admitSocket)
    server.on('request', (_, response) => response.writeHead(426).end('MQTT over WebSocket only\n'))
    const websockets = new WebSocketServer({
      server,
      handleProtocols: offered => (offered.has('mqtt') ? 'mqtt' : false),
    })
    websockets.on('connection', (websocket, { socket }) => {
      limitMessages(websocket, maxUnidentifiedMessageBytes)
      const conn = createWebSocketStream(websocket)
      conn.on('error', () => {})
      const leave = doorstep.leaver(socket)
      accept({
        conn,
        socket,
        listener: 'websocket',
        address: socket.remoteAddress,
        commonName: files && commonNameOf(socket as TLSSocket),
        // Clients may put several packets into one message.
        onIdentified() {
          leave()
          limitMessages(websocket, 2 * options.maxPacketBytes)
        },
      })
    })
    return server
  }

  function secureWebSocketServer(files: TlsFiles, timeouts: HttpTimeouts): HttpServer {
    const server = createHttpsServer({ ...tlsOptions('websocket.tls', files, identifyWithinMs), ...timeouts })
    secure.set('websocket', server)
    return onTlsError(server)
  }

  function onTlsError<S extends Server>(server: S): S {
    return server.on('tlsClientError', (error, socket) => {
      const fault = handshakeFault(error, socket)
      if (fault !== undefined) refused(fault, addressOf(socket))
      socket.destroy()
    })
  }

  const listeners: Listeners = {
    addresses,
    async close() {
      await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
    },
    displaced: () => doorstep.displaced,
    renew(renewed) {
      const contexts = [...secure].flatMap(([name, server]) => {
        const files = renewed[name]
        const key = name === 'tls' ? name : 'websocket.tls'
        return files === undefined ? [] : [{ server, context: tlsContext(key, files) }]
      })
      for (const { server, context } of contexts) server.setSecureContext(context)
    },
    cut() {
      for (const socket of doorstep.open) socket.destroy()
    },
  }

  try {
    if (options.tcp) await start('tcp', tcpServer(), options.tcp)
    if (options.tls) await start('tls', tlsServer(options.tls), options.tls)
    if (options.websocket) await start('websocket', webSocketServer(options.websocket.tls), options.websocket)
    return listeners
  } catch (error) {
    await listeners.close()
    throw error
  }
}
