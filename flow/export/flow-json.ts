import { setImmediate } from 'node:timers/promises'
import { collect } from '../../core/collect.ts'
import { plainJson } from '../../core/plain-text.ts'
import type { FlowAnswer } from '../answer.ts'

/** About 60 kB and a millisecond: a million rows must never be one string. */
const sliceRows = 1024
const collectedRows = 256 * sliceRows

/** The JSON of an answer, in pieces. */
export async function* jsonOf(answer: FlowAnswer): AsyncGenerator<Buffer> {
  const { rows, ...others } = answer
  yield Buffer.from(`${plainJson(JSON.stringify(others)).slice(0, -1)},"rows":[`)
  for (let start = 0; start < rows.length; start += sliceRows) {
    const slice = plainJson(JSON.stringify(rows.slice(start, start + sliceRows))).slice(1, -1)
    yield Buffer.from(start === 0 ? slice : `,${slice}`)
    await setImmediate()
    if (start % collectedRows === 0 && start > 0) await collect()
  }
  yield Buffer.from(']}')
}
