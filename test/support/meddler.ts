import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

/** What goes wrong with one request. With `reaches`, the server has done it all the same. */
export type Fault =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  /** Cut off without an answer, after half of one, never answered, or a byte of an answer now and then. */
  | { readonly cut: 'reset' | 'half' | 'silence' | 'drip'; readonly reaches: boolean }

export interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface Meddler {
  readonly url: string
  readonly seen: readonly Seen[]
}

/** Stands before an HTTP server, or before none, and lets through what `meddle` finds nothing wrong with. */
export async function openMeddler(
  target: string | undefined,
  meddle: (asked: Seen, index: number) => Fault | undefined,
): Promise<Meddler> {
  const seen: Seen[] = []

  function pass({ method, path, headers, body }: Seen, onAnswer: (answer: IncomingMessage) => void): void {
    const { host: _, ...others } = headers
    const sent = request(`${target}${path}`, { method, headers: others, agent: false }, onAnswer)
    sent.on('error', () => {})
    sent.end(body)
  }

  function spoil(fault: Fault, response: ServerResponse): void {
    if ('status' in fault) {
      response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers })
      response.end(fault.body)
    } else if (fault.cut === 'reset') response.socket?.resetAndDestroy()
    else if (fault.cut === 'half') {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"results":[', () => response.socket?.resetAndDestroy())
    } else if (fault.cut === 'drip') {
      response.writeHead(200, { 'content-type': 'application/json' })
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    }
  }

  const server = createServer(async (incoming, response) => {
    const body = await text(incoming)
    const asked = { method: incoming.method!, path: incoming.url!, headers: incoming.headers, body }
    const fault = meddle(asked, seen.push(asked) - 1)
    if (fault === undefined)
      pass(asked, answer => {
        response.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(response)
      })
    else if ('reaches' in fault && fault.reaches)
      pass(asked, answer => {
        answer.resume()
        answer.on('end', () => spoil(fault, response))
      })
    else spoil(fault, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}
