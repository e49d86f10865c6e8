import { LintelError } from '../../core/errors.ts'
import type { Verdict } from './influx-answers.ts'
import type { RejectedLine } from './influx-rejects.ts'

/**
 * Most lines in one request: below what servers recommend (5,000 lines), and a power of two, so that one bad line is
 * found in 12 halvings.
 */
const maxLines = 4096
const maxChars = 4 * 1024 * 1024
/** Requests under way at once: while one is being stored, the next is on its way. */
const lanes = 2

/** Sends one request. Throws STORE_UNAVAILABLE or STORE_WRITE_FAILED if the lines are not to blame. */
export type Post = (lines: readonly string[]) => Promise<Verdict>

/**
 * Writes every line, or returns it as refused for good. A line counts as written only if its whole request was
 * confirmed, and as refused only if it was alone in a request while a harmless line is accepted. `harmless` may be
 * written any number of times. Throws what `post` throws, once nothing is under way.
 */
export async function writeLines(
  lines: readonly string[],
  post: Post,
  harmless: string,
): Promise<RejectedLine[]> {
  const chunks = chunksOf(lines)
  const refused: RejectedLine[] = []
  const failures: unknown[] = []
  async function lane(): Promise<void> {
    for (let chunk = chunks.next(); !chunk.done && failures.length === 0; chunk = chunks.next()) {
      try {
        refused.push(...(await writeChunk(chunk.value, post, harmless)))
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  if (failures.length > 0) throw failures[0]
  return refused
}

function* chunksOf(lines: readonly string[]): Generator<readonly string[], void> {
  let start = 0
  let chars = 0
  for (let end = 0; end < lines.length; end++) {
    chars += lines[end]!.length + 1
    if (end > start && (end - start === maxLines || chars > maxChars)) {
      yield lines.slice(start, end)
      start = end
      chars = lines[end]!.length + 1
    }
  }
  if (start < lines.length) yield lines.slice(start)
}

async function writeChunk(chunk: readonly string[], send: Post, harmless: string): Promise<RejectedLine[]> {
  const refused: RejectedLine[] = []
  let isTaken = false
  async function post(lines: readonly string[]): Promise<Verdict> {
    const verdict = await send(lines)
    if (verdict.is === 'written') isTaken = true
    return verdict
  }

  async function deliver(lines: readonly string[]): Promise<void> {
    const verdict = await post(lines)
    if (verdict.is === 'written') return
    if (verdict.is === 'refused') return isolate(lines, verdict.reason)
    if (lines.length === 1) refused.push({ line: lines[0]!, reason: 'too long' })
    else for (const half of halve(lines)) await deliver(half)
  }

  /**
   * Something in these lines is bad. Finds one such line by halving, sets the right half aside whenever the left one is
   * refused, then sends everything set aside at once: 14 requests for one bad line among 4096.
   */
  async function isolate(lines: readonly string[], why: string): Promise<void> {
    const aside: (readonly string[])[] = []
    let suspect = lines
    let reason: string | undefined = lines.length === 1 ? why : undefined
    while (suspect.length > 1) {
      const [left, right] = halve(suspect)
      const verdict = await post(left)
      reason = verdict.is === 'refused' && left.length === 1 ? verdict.reason : undefined
      if (verdict.is !== 'written') aside.push(right)
      suspect = verdict.is === 'written' ? right : left
    }
    // Send the line alone, unless it already was: then the reason is its own.
    const last: Verdict = reason === undefined ? await post(suspect) : { is: 'refused', reason }
    if (last.is !== 'written')
      refused.push({ line: suspect[0]!, reason: last.is === 'refused' ? last.reason : 'too long' })
    if (aside.length === 1) await deliver(aside[0]!)
    else if (aside.length > 1 && (await post(aside.flat())).is !== 'written')
      for (const part of aside) await deliver(part)
  }

  await deliver(chunk)
  if (refused.length > 0 && !isTaken) {
    // Nothing was accepted: check whether the lines are bad, or the server refuses everything.
    const verdict = await send([harmless])
    if (verdict.is !== 'written') {
      const reason = verdict.is === 'refused' ? verdict.reason : 'too long'
      throw new LintelError('STORE_WRITE_FAILED', `InfluxDB refuses whatever it is sent: ${reason}`)
    }
  }
  return refused
}

function halve<T>(list: readonly T[]): [readonly T[], readonly T[]] {
  const middle = list.length >> 1
  return [list.slice(0, middle), list.slice(middle)]
}
