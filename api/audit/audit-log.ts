import { setImmediate } from 'node:timers/promises'
import { type Clock, dayMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { State } from '../../core/state/state.ts'
import {
  type AuditEntry,
  beginning,
  type Deed,
  faultAfter,
  type Link,
  nextEntry,
  parseLink,
} from './chain.ts'

/** Append-only, and bounded by age: what is too old goes from the front, and the chain keeps where it began. */
export interface AuditLog {
  /** Resolves once the entry would survive a power cut. */
  append(deed: Deed): Promise<void>
  /** Oldest first, after a position. */
  read(after: number, limit: number): AuditEntry[]
  /** Newest first, at most `limit`. */
  latest(limit: number): AuditEntry[]
  /** Holds the whole chain together, and against a link that was noted down elsewhere (`seq:hash`). Throws API_REQUEST_INVALID for a text that is none. */
  verify(noted?: string): Promise<AuditVerdict>
  /** Drops what is too old. */
  trim(): Promise<void>
}

export interface AuditVerdict {
  readonly whole: boolean
  /** The first thing that is wrong. */
  readonly fault?: string
  readonly entries: number
  /** Behind which entry the kept part begins. */
  readonly anchor: Link
  /** Note it down elsewhere: who can write to this disk could make a whole chain anew, but not one with this link. */
  readonly head: Link
}

/** Some 300 bytes each; beyond it the oldest go, whatever their age. */
const maxEntries = 2_000_000
const dropAtOnce = 200
const readAtOnce = 1000

/** `mayDelete` is false while the clock is in doubt: then nothing goes because of its age. */
export function createAuditLog(
  state: State,
  clock: Clock,
  keepDays: number,
  mayDelete = () => true,
): AuditLog {
  const entries = state.table<AuditEntry>('audit')
  const links = state.table<Link>('audit-link')
  const anchorOf = () => links.get('anchor') ?? beginning
  const headOf = () => links.get('head') ?? beginning
  const keyOf = (seq: number) => String(seq).padStart(15, '0')
  const read = (after: number, limit: number) =>
    [...entries.entries({ after: keyOf(after), limit })].map(([, entry]) => entry)

  /** Inside a transaction. Whether there may be more. */
  function drop(): boolean {
    const before = mayDelete() ? clock() - keepDays * dayMs : Number.NEGATIVE_INFINITY
    const crowded = headOf().seq - maxEntries
    const old = read(0, dropAtOnce).filter(({ at, seq }) => at < before || seq <= crowded)
    // A clock that was set back must not make a hole.
    const whole = old.filter(({ seq }, index) => seq === old[0]!.seq + index)
    const last = whole.at(-1)
    if (last === undefined) return false
    for (const { seq } of whole) entries.remove(keyOf(seq))
    links.put('anchor', { seq: last.seq, hash: last.hash })
    return whole.length === dropAtOnce
  }

  return {
    append: deed =>
      state.transact(() => {
        const entry = nextEntry(headOf(), deed, clock())
        entries.put(keyOf(entry.seq), entry)
        links.put('head', { seq: entry.seq, hash: entry.hash })
        drop()
      }),
    read,
    latest: limit => [...entries.entries({ reverse: true, limit })].map(([, entry]) => entry),
    async verify(noted) {
      const mark = noted === undefined ? undefined : parseLink(noted)
      if (noted !== undefined && mark === undefined)
        throw new LintelError('API_REQUEST_INVALID', 'a link is SEQ:HASH, as lintel audit verify prints it')
      const anchor = anchorOf()
      // Taken first: what is appended meanwhile lies behind it.
      const head = headOf()
      const verdict = (fault: string | undefined) => ({
        whole: fault === undefined,
        ...(fault === undefined ? {} : { fault }),
        entries: head.seq - anchor.seq,
        anchor,
        head,
      })
      const differs = (link: Link) => mark?.seq === link.seq && mark.hash !== link.hash
      const foreign = `entry ${mark?.seq} is not the one that was noted down`
      if (differs(anchor)) return verdict(foreign)
      if (mark !== undefined && mark.seq > head.seq)
        return verdict(`the log ends with entry ${head.seq}, before the one that was noted down`)
      let link = anchor
      for (;;) {
        const page = read(link.seq, Math.min(readAtOnce, head.seq - link.seq))
        for (const entry of page) {
          const fault = faultAfter(link, entry) ?? (differs(entry) ? foreign : undefined)
          if (fault !== undefined) return verdict(fault)
          link = entry
        }
        if (page.length === 0 || link.seq >= head.seq) break
        await setImmediate()
      }
      if (link.seq !== head.seq) return verdict(`the log is cut off behind entry ${link.seq}`)
      return verdict(
        link.hash === head.hash ? undefined : `the log does not end with entry ${head.seq} as it was`,
      )
    },
    async trim() {
      while (await state.transact(drop));
    },
  }
}
