import { once } from 'node:events'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Endpoint } from '../../core/data-directory.ts'

/** When each point was first told of, epoch ms. */
export type Heard = Map<string, number>

export interface Listener {
  readonly heard: Heard
  /** Messages, whatever is in them. */
  messages(): number
  stop(): void
}

interface Told {
  readonly alert: { readonly place: { readonly point?: string } }
}

function note(heard: Heard, { alert }: Told, now: number): void {
  const { point } = alert.place
  if (point !== undefined && !heard.has(point)) heard.set(point, now)
}

/** Reads the live stream. */
export async function listenLive({ url, token }: Pick<Endpoint, 'url' | 'token'>): Promise<Listener> {
  const heard: Heard = new Map()
  let messages = 0
  const request = get(`${url}/api/v1/alerts/live`, { headers: { authorization: `Bearer ${token}` } })
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage]
  if (response.statusCode !== 200) throw new Error(`the live stream answered ${response.statusCode}`)
  let rest = ''
  response.setEncoding('utf8').on('data', chunk => {
    const now = Date.now()
    const frames = (rest + chunk).split('\n\n')
    rest = frames.pop()!
    for (const frame of frames) {
      const data = /^data: (.*)$/m.exec(frame)?.[1]
      if (data === undefined) continue
      messages++
      note(heard, JSON.parse(data) as Told, now)
    }
  })
  response.on('error', () => {})
  return { heard, messages: () => messages, stop: () => request.destroy() }
}

/** Receives a webhook, as one who does little with it. */
export async function listenWebhook(): Promise<Listener & { readonly url: string }> {
  const heard: Heard = new Map()
  let messages = 0
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const now = Date.now()
    messages++
    response.writeHead(204).end()
    for (const event of [JSON.parse(body) as { data: Told } | { data: Told }[]].flat())
      note(heard, event.data, now)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    heard,
    messages: () => messages,
    url: `http://127.0.0.1:${port}/hook`,
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}
