import { randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { type Clock, dayMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { State } from '../../core/state/state.ts'
import {
  type Anchor,
  type AuditEntry,
  beginning,
  type Deed,
  doubtOfAnchor,
  faultAfter,
  type Link,
  nextEntry,
  parseLink,
} from './chain.ts'

/** Append-only, and bounded by age: what is too old goes from the front, and the chain keeps where it began. */
export interface AuditLog {
  /** Resolves once the entry would survive a power cut. */
  append(deed: Deed): Promise<void>
  /** Resolves once it is on disk that this begins. What is never ended, as the process died, becomes an entry that says so. */
  begin(deed: Deed): Promise<Begun>
  /** Oldest first, after a position. */
  read(after: number, limit: number): AuditEntry[]
  /** Newest first, at most `limit`. */
  latest(limit: number): AuditEntry[]
  /** Holds the whole chain together, and against a link that was noted down elsewhere (`seq:hash`). Throws API_REQUEST_INVALID for a text that is none. */
  verify(noted?: string): Promise<AuditVerdict>
  /** Drops what is too old, and ends what an earlier process began. */
  trim(): Promise<void>
}

/** A deed that is on record as begun. */
export interface Begun {
  /** Appends the entry of it as it ended; none where nothing came of it. */
  end(deed: Deed | undefined): Promise<void>
}

export interface AuditVerdict {
  /** `unknown`: nothing is seen to be wrong, and yet it cannot be told that nothing is. */
  readonly verdict: 'whole' | 'broken' | 'unknown'
  readonly whole: boolean
  /** The first thing that is wrong, or why it cannot be told. */
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
  const links = state.table<Anchor>('audit-link')
  const deeds = state.table<Deed & { readonly at: number }>('audit-begun')
  /** Those that this process has begun. */
  const open = new Set<string>()
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
    // As a whole, so that its time can be held against its hash.
    links.put('anchor', { ...last, keepDays })
    return whole.length === dropAtOnce
  }

  /** Inside a transaction. */
  function add(deed: Deed): void {
    const entry = nextEntry(headOf(), deed, clock())
    entries.put(keyOf(entry.seq), entry)
    links.put('head', { seq: entry.seq, hash: entry.hash })
    drop()
  }

  /** Inside a transaction: of a process that died, or that could not write it down. */
  function endLost(): void {
    for (const [key, { at, ...deed }] of deeds.entries()) {
      if (open.has(key)) continue
      deeds.remove(key)
      add({
        ...deed,
        target: `${deed.target}: begun ${new Date(at).toISOString()}, how it ended is not known`,
      })
    }
  }

  return {
    append: deed => state.transact(() => add(deed)),
    async begin(deed) {
      const key = `${keyOf(clock())}-${randomBytes(6).toString('hex')}`
      open.add(key)
      try {
        await state.transact(() => {
          endLost()
          deeds.put(key, { ...deed, at: clock() })
        })
      } catch (error) {
        open.delete(key)
        throw error
      }
      return {
        async end(ended) {
          try {
            await state.transact(() => {
              deeds.remove(key)
              if (ended !== undefined) add(ended)
            })
          } finally {
            open.delete(key)
          }
        },
      }
    },
    read,
    latest: limit => [...entries.entries({ reverse: true, limit })].map(([, entry]) => entry),
    async verify(noted) {
      const mark = noted === undefined ? undefined : parseLink(noted)
      if (noted !== undefined && mark === undefined)
        throw new LintelError('API_REQUEST_INVALID', 'a link is SEQ:HASH, as lintel audit verify prints it')
      const anchor = anchorOf()
      // Taken first: what is appended meanwhile lies behind it.
      const head = headOf()
      const told = (verdict: AuditVerdict['verdict'], fault?: string): AuditVerdict => ({
        verdict,
        whole: verdict === 'whole',
        ...(fault === undefined ? {} : { fault }),
        entries: head.seq - anchor.seq,
        anchor: { seq: anchor.seq, hash: anchor.hash },
        head,
      })
      const broken = (fault: string) => told('broken', fault)
      const differs = (link: Link) => mark?.seq === link.seq && mark.hash !== link.hash
      const foreign = `entry ${mark?.seq} is not the one that was noted down`
      const doubt = doubtOfAnchor(anchor, { now: clock(), keepDays, crowded: head.seq - maxEntries })
      if (doubt?.isFault) return broken(doubt.reason)
      if (differs(anchor)) return broken(foreign)
      if (mark !== undefined && mark.seq > head.seq)
        return broken(`the log ends with entry ${head.seq}, before the one that was noted down`)
      let link: Link = anchor
      for (;;) {
        const page = read(link.seq, Math.min(readAtOnce, head.seq - link.seq))
        for (const entry of page) {
          const fault = faultAfter(link, entry) ?? (differs(entry) ? foreign : undefined)
          if (fault !== undefined) return broken(fault)
          link = entry
        }
        if (page.length === 0 || link.seq >= head.seq) break
        await setImmediate()
      }
      if (link.seq !== head.seq) return broken(`the log is cut off behind entry ${link.seq}`)
      if (link.hash !== head.hash) return broken(`the log does not end with entry ${head.seq} as it was`)
      if (mark !== undefined && mark.seq < anchor.seq)
        return told('unknown', `entry ${mark.seq}, which was noted down, is not kept any more: whether the log goes on from it cannot be told`) // biome-ignore format: one line
      return doubt === undefined ? told('whole') : told('unknown', doubt.reason)
    },
    async trim() {
      await state.transact(endLost)
      while (await state.transact(drop));
    },
  }
}
