import { createHash } from 'node:crypto'
import { dayMs } from '../../core/clock.ts'

/** An entry about who did what. Each one contains the hash of the previous entry, so none can be altered or removed unnoticed. */
export interface AuditEntry {
  /** 1, 2, 3 … */
  readonly seq: number
  /** Epoch ms. */
  readonly at: number
  readonly as: 'account' | 'token' | 'operator' | 'gateway' | 'nobody'
  readonly who: string
  /** For example `snapshot.view`. */
  readonly action: string
  readonly target: string
  /** Network address of the request; empty for the command line on the data directory itself. */
  readonly address: string
  /** SHA-256 of the previous entry, in hex. */
  readonly previous: string
  readonly hash: string
}

export type Deed = Pick<AuditEntry, 'as' | 'who' | 'action' | 'target' | 'address'>

/** A position in the chain. The two together prove that everything before it is unchanged. */
export interface Link {
  readonly seq: number
  readonly hash: string
}

export const beginning: Link = { seq: 0, hash: '0'.repeat(64) }

export function hashOf({
  seq,
  at,
  as,
  who,
  action,
  target,
  address,
  previous,
}: Omit<AuditEntry, 'hash'>): string {
  const text = JSON.stringify([seq, at, as, who, action, target, address, previous])
  return createHash('sha256').update(text).digest('hex')
}

export function nextEntry(
  { seq, hash }: Link,
  { as, who, action, target, address }: Deed,
  at: number,
): AuditEntry {
  const entry = { seq: seq + 1, at, as, who, action, target, address, previous: hash }
  return { ...entry, hash: hashOf(entry) }
}

/** Why an entry cannot follow a link of the chain; undefined if it does. */
export function faultAfter(link: Link, entry: AuditEntry): string | undefined {
  if (entry.seq !== link.seq + 1)
    return entry.seq === link.seq + 2
      ? `entry ${link.seq + 1} was removed`
      : `entries ${link.seq + 1} to ${entry.seq - 1} were removed`
  if (entry.previous !== link.hash)
    return `entry ${link.seq}, or what entry ${entry.seq} says of it, was altered`
  return hashOf(entry) === entry.hash ? undefined : `entry ${entry.seq} was altered`
}

/** The start of the kept part: the last entry that was dropped, complete, and for how long entries were kept then. */
export type Anchor = Link & Partial<AuditEntry> & { readonly keepDays?: number }

export interface Expected {
  readonly now: number
  readonly keepDays: number
  /** Entries up to this one were dropped because there were too many. */
  readonly crowded: number
}

/**
 * Why the dropped entries should still be there, or why that is unknown; undefined if they were too old or too many. A
 * dropped entry proves its time by its hash, which the next entry contains.
 */
export function doubtOfAnchor(
  anchor: Anchor,
  { now, keepDays, crowded }: Expected,
): { readonly isFault: boolean; readonly reason: string } | undefined {
  const { seq, hash, at, keepDays: keptDays = keepDays } = anchor
  if (seq === 0 && hash === beginning.hash) return undefined
  const gone = `the entries up to ${seq} are gone`
  if (at === undefined)
    return { isFault: false, reason: `${gone}, and nothing says whether they were too old` }
  if (hashOf(anchor as AuditEntry) !== hash)
    return { isFault: true, reason: `what is kept of entry ${seq}, the last that is gone, was altered` }
  if (seq <= crowded || at < now - keepDays * dayMs) return undefined
  return at < now - keptDays * dayMs
    ? {
        isFault: false,
        reason: `${gone}: they were kept for ${keptDays} days, and would now be for ${keepDays}`,
      }
    : { isFault: true, reason: `${gone}, and were neither too old nor too many` }
}

/** `seq:hash`, for noting elsewhere. */
export const formatLink = ({ seq, hash }: Link) => `${seq}:${hash}`

export function parseLink(text: string): Link | undefined {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  return hash === undefined ? undefined : { seq: Number(seq), hash }
}
