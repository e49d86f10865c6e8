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

/** Append-only, and bounded by age: the oldest entries are dropped, and the chain keeps where the rest begins. */
export interface AuditLog {
  /** Resolves once the entry would survive a power cut. */
  append(deed: Deed): Promise<void>
  /** Resolves once the beginning of a deed is on disk. If the process dies before it ends, it becomes an entry that says so. */
  begin(deed: Deed): Promise<Begun>
  /** Oldest first, after a position. */
  read(after: number, limit: number): AuditEntry[]
  /** Newest first, at most `limit`. */
  latest(limit: number): AuditEntry[]
  /**
   * Checks the whole chain, and compares it with a link that was noted elsewhere (`seq:hash`). Throws
   * API_REQUEST_INVALID if the text is no link.
   */
  verify(noted?: string): Promise<AuditVerdict>
  /** Drops what is too old, and ends deeds that an earlier process began. */
  trim(): Promise<void>
}

/** A deed whose beginning is recorded. */
export interface Begun {
  /** Appends the deed as it ended; appends nothing if nothing came of it. */
  end(deed: Deed | undefined): Promise<void>
}

export interface AuditVerdict {
  /** `unknown`: no fault was found, but not everything can be checked. */
  readonly verdict: 'whole' | 'broken' | 'unknown'
  readonly whole: boolean
  /** The first fault, or why it cannot be checked. */
  readonly fault?: string
  readonly entries: number
  /** The entry before the first one that is kept. */
  readonly anchor: Link
  /** Note this elsewhere: somebody who can write to this disk could make a whole new chain, but not one with this link. */
  readonly head: Link
}

/** About 300 bytes each; beyond this number the oldest are dropped, whatever their age. */
const maxEntries = 2_000_000
const dropAtOnce = 200
const readAtOnce = 1000

/** `mayDelete` is false while the clock is in doubt: then nothing is dropped because of its age. */
export function createAuditLog(
  state: State,
  clock: Clock,
  keepDays: number,
  mayDelete = () => true,
): AuditLog {
  const entries = state.table<AuditEntry>('audit')
  const links = state.table<Anchor>('audit-link')
  const deeds = state.table<Deed & { readonly at: number }>('audit-begun')
  /** Deeds that this process has begun. */
  const open = new Set<string>()
  const anchorOf = () => links.get('anchor') ?? beginning
  const headOf = () => links.get('head') ?? beginning
  const keyOf = (seq: number) => String(seq).padStart(15, '0')
  const read = (after: number, limit: number) =>
    [...entries.entries({ after: keyOf(after), limit })].map(([, entry]) => entry)

  /** Call inside a transaction. True if there may be more. */
  function drop(): boolean {
    const before = mayDelete() ? clock() - keepDays * dayMs : Number.NEGATIVE_INFINITY
    const crowded = headOf().seq - maxEntries
    const old = read(0, dropAtOnce).filter(({ at, seq }) => at < before || seq <= crowded)
    // After the clock was set back, times are not in order: stop at the first entry that stays, so as not to make a gap.
    const whole = old.filter(({ seq }, index) => seq === old[0]!.seq + index)
    const last = whole.at(-1)
    if (last === undefined) return false
    for (const { seq } of whole) entries.remove(keyOf(seq))
    // The whole entry is kept, so that its time can be checked against its hash.
    links.put('anchor', { ...last, keepDays })
    return whole.length === dropAtOnce
  }

  /** Call inside a transaction. */
  function add(deed: Deed): void {
    const entry = nextEntry(headOf(), deed, clock())
    entries.put(keyOf(entry.seq), entry)
    links.put('head', { seq: entry.seq, hash: entry.hash })
    drop()
  }

  /** Call inside a transaction. Ends deeds of a process that died or could not write their end. */
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
      // Read this first: entries appended meanwhile come after it.
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
