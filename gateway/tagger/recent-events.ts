import { Latest } from '../../core/latest.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import { keyText, type PictureKey } from '../snapshots/snapshots.ts'
import { type Worth, worthOf } from './backlog.ts'

/** Facts that a picture takes from its event, which mostly came just before it. */
export interface EventFacts {
  readonly worth: Worth
  readonly at: number
  readonly late: boolean
  readonly skewed: boolean
}

const remembered = 20_000

/** The latest events, which give a picture its time and its worth; the oldest are forgotten. */
export class RecentEvents {
  readonly #facts = new Latest<string, EventFacts>(remembered)

  add(key: PictureKey, record: EventRecord): EventFacts {
    const { at, late, skewed } = record
    const facts = { worth: worthOf(record), at, late, skewed }
    this.#facts.set(keyText(key), facts)
    return facts
  }

  of(key: PictureKey): EventFacts | undefined {
    return this.#facts.get(keyText(key))
  }
}
