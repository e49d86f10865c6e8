import { readFileSync } from 'node:fs'
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { LintelError, messageOf } from '../../core/errors.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

export interface TlsFiles {
  readonly certFile: string
  readonly keyFile: string
  /** CA whose client certificates name devices. */
  readonly clientCaFile?: string
  readonly clientCertificates: 'none' | 'optional' | 'required'
}

export interface ListenerOptions {
  readonly tcp?: Address
  readonly tls?: Address & TlsFiles
  readonly websocket?: Address & { readonly tls?: TlsFiles }
  readonly maxConnections: number
  /** Connections that have not yet said who they are. */
  readonly maxUnidentified: number
}

export interface Connected {
  readonly conn: Duplex
  readonly socket: Socket
  /** From a certificate that the CA signed. */
  readonly commonName: string | undefined
}

export interface Listeners {
  /** Where each listens; a port of 0 in the options has become a real one. */
  readonly addresses: Readonly<Partial<Record<'tcp' | 'tls' | 'websocket', Address>>>
  /** No new connections; those that are open stay. */
  close(): Promise<void>
}

const handshakeTimeoutMs = 10_000
const keepAliveMs = 60_000

/** Opens every configured listener or none. Throws CONFIG_INVALID for files and ports that are not to be had. */
export async function listen(
  options: ListenerOptions,
  accept: (connected: Connected) => void,
): Promise<Listeners> {
  const servers: Server[] = []
  const addresses: Partial<Record<'tcp' | 'tls' | 'websocket', Address>> = {}
  let open = 0

  const onSocket = (conn: Duplex, socket: Socket, commonName: string | undefined) => {
    if (open >= options.maxConnections) return socket.destroy()
    open++
    socket.once('close', () => open--)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveMs)
    accept({ conn, socket, commonName })
  }

  async function start(name: keyof typeof addresses, server: Server | HttpServer, { host, port }: Address) {
    servers.push(server)
    await new Promise<void>((resolve, reject) => {
      server.once('error', error =>
        reject(
          new LintelError(
            'CONFIG_INVALID',
            `mqtt.${name} cannot listen on ${host}:${port}: ${messageOf(error)}`,
          ),
        ),
      )
      server.listen(port, host, resolve)
    })
    server.on('error', () => {})
    addresses[name] = { host, port: (server.address() as { port: number }).port }
  }

  const listeners: Listeners = {
    addresses,
    async close() {
      await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
    },
  }

  try {
    if (options.tcp)
      await start(
        'tcp',
        createServer(socket => onSocket(socket, socket, undefined)),
        options.tcp,
      )
    if (options.tls) {
      const server = createTlsServer(tlsOptions(options.tls), socket =>
        onSocket(socket, socket, commonNameOf(socket)),
      )
      server.on('tlsClientError', (_, socket) => socket.destroy())
      await start('tls', server, options.tls)
    }
    if (options.websocket) {
      const { tls } = options.websocket
      const server = tls ? createHttpsServer(tlsOptions(tls)) : createHttpServer()
      server.on('request', (_, response) => response.writeHead(426).end('MQTT over WebSocket only\n'))
      const websockets = new WebSocketServer({
        server,
        handleProtocols: offered => (offered.has('mqtt') ? 'mqtt' : false),
      })
      websockets.on('connection', (websocket, request) => {
        const conn = createWebSocketStream(websocket)
        conn.on('error', () => {})
        onSocket(conn, request.socket, tls && commonNameOf(request.socket as TLSSocket))
      })
      await start('websocket', server, options.websocket)
    }
    return listeners
  } catch (error) {
    await listeners.close()
    throw error
  }
}

function tlsOptions({ certFile, keyFile, clientCaFile, clientCertificates }: TlsFiles): TlsOptions {
  const read = (name: string, path: string) => {
    try {
      return readFileSync(path)
    } catch (error) {
      throw new LintelError('CONFIG_INVALID', `mqtt.tls.${name} cannot be read: ${messageOf(error)}`)
    }
  }
  return {
    cert: read('certFile', certFile),
    key: read('keyFile', keyFile),
    ...(clientCaFile === undefined ? {} : { ca: read('clientCaFile', clientCaFile) }),
    requestCert: clientCertificates !== 'none',
    rejectUnauthorized: clientCertificates === 'required',
    minVersion: 'TLSv1.2',
    handshakeTimeout: handshakeTimeoutMs,
  }
}

function commonNameOf(socket: TLSSocket): string | undefined {
  if (!socket.authorized) return undefined
  const { CN } = socket.getPeerCertificate().subject ?? {}
  return typeof CN === 'string' ? CN : undefined
}
