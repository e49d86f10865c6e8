import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { LintelError } from '../../core/errors.ts'
import { problemIn } from '../../core/problem-answer.ts'
import { whyUnreachable } from '../../core/unreachable.ts'
import type { Exported } from '../../flow/export/export-rows.ts'
import type { Operations } from './operations.ts'

const maxProblemBytes = 64 * 1024

/** An export from a running service. It does not use fetch, which does not provide trailers. */
export const createRemoteExport =
  ({ url, token }: { url: string; token: string }): Operations['exportRows'] =>
  async ({ where = {}, columns, bom = false, ...question }, signal) => {
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries({ ...question, bom: bom ? 1 : 0, columns, ...where }))
      if (value !== undefined) search.set(name, String(value))
    const answer = await ask(`${url}/api/v1/export?${search}`, token, signal).catch(error => {
      throw unreachable(url, error)
    })
    if (answer.statusCode !== 200) throw await refusalOf(answer)
    let isWhole = false

    async function* bytes(): AsyncGenerator<Uint8Array> {
      try {
        yield* answer
        isWhole = true
      } catch (error) {
        throw unreachable(url, error)
      } finally {
        answer.destroy()
      }
    }
    const { headers } = answer
    return {
      mediaType: headers['content-type'] ?? '',
      fileName: /filename="([^"]+)"/.exec(headers['content-disposition'] ?? '')?.[1] ?? question.kind,
      expected: Number(headers['lintel-expected']),
      bytes: bytes(),
      progress() {
        const { 'lintel-rows': rows = '0', 'lintel-cursor': cursor } = isWhole ? answer.trailers : {}
        return { rows: Number(rows), cursor: cursor || question.cursor }
      },
    } satisfies Exported
  }

function ask(url: string, token: string, signal?: AbortSignal): Promise<IncomingMessage> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` }
    request(url, { headers, ...(signal === undefined ? {} : { signal }) }, resolve)
      .on('error', reject)
      .end()
  })
}

const unreachable = (url: string, cause: unknown) =>
  new LintelError('API_UNAVAILABLE', `the service at ${url} does not answer to the end: ${whyUnreachable(cause)}`, { cause }) // biome-ignore format: one line

async function refusalOf(answer: IncomingMessage): Promise<LintelError> {
  let text = ''
  for await (const chunk of answer) if (text.length < maxProblemBytes) text += chunk
  return problemIn(text, answer.statusCode)
}
