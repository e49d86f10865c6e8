import { createHash } from 'node:crypto'
import { dayMs } from '../../core/clock.ts'

/** Who did what. Each entry has the hash of the one before, so none can be altered or taken out unseen. */
export interface AuditEntry {
  /** 1, 2, 3 … */
  readonly seq: number
  /** Epoch ms. */
  readonly at: number
  readonly as: 'account' | 'token' | 'operator' | 'gateway' | 'nobody'
  readonly who: string
  /** Such as `snapshot.view`. */
  readonly action: string
  readonly target: string
  /** Where the request came from; empty where it was the command line on the data directory itself. */
  readonly address: string
  /** SHA-256 of the entry before, in hexadecimal digits. */
  readonly previous: string
  readonly hash: string
}

export type Deed = Pick<AuditEntry, 'as' | 'who' | 'action' | 'target' | 'address'>

/** A place in the chain: that everything up to it is as it was can be told by these two. */
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

/** What the kept part begins behind: the last entry that was dropped, whole, and how long entries were kept then. */
export type Anchor = Link & Partial<AuditEntry> & { readonly keepDays?: number }

export interface Expected {
  readonly now: number
  readonly keepDays: number
  /** Up to this entry there were too many. */
  readonly crowded: number
}

/**
 * Why what is gone from the front should not be gone, or why that cannot be told; undefined where it was too old or one
 * of too many. An entry that was dropped proves its time by its hash, which the entry behind it has.
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

/** `seq:hash`, as it is noted down elsewhere. */
export const formatLink = ({ seq, hash }: Link) => `${seq}:${hash}`

export function parseLink(text: string): Link | undefined {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  return hash === undefined ? undefined : { seq: Number(seq), hash }
}
