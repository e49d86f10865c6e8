import { formatRfc3339 } from '../core/rfc3339.ts'
import type { DeviceId, Seq } from '../core/words.ts'
import type { JournalReader } from '../gateway/journal/journal.ts'
import { mergeStretches, sameSums } from '../gateway/journal/stretch.ts'
import type { Deleted } from '../ingest/retention/deleted.ts'
import type { Store } from '../ingest/store/store.ts'

/** Where each event that came to the door is now. */
export interface LedgerRow {
  /** Counted when it arrived. */
  readonly received: number
  /** Counted as rows of the store; on an edge node, as taken over by its centre. */
  readonly stored: number
  readonly duplicate: number
  readonly parked: number
  readonly refused: number
  /** Counted as records of the journal that are not there yet. */
  readonly queued: number
  /** received less all the others: 0 if nothing was lost or doubled. */
  readonly difference: number
}

export interface Ledger {
  readonly total: LedgerRow
  readonly devices: readonly ({ readonly device: DeviceId } & LedgerRow)[]
  /** The same for snapshots, which are no rows: `stored` are those that have their sighting, `queued` those that wait for it. */
  readonly snapshots: LedgerRow
  /** Runs of positions whose rows are not those that the journal gave out: counts alone may add up by chance. */
  readonly differing: readonly Differing[]
  /** Whether every device adds up, and no rows differ. */
  readonly balanced: boolean
}

export interface Differing {
  /** Positions of the journal, both included. */
  readonly first: Seq
  readonly last: Seq
  /** When the first and the last of these were received, RFC 3339. */
  readonly firstReceivedAt: string
  readonly lastReceivedAt: string
  /** Rows that the store has less than it should; below 0 where it has more. */
  readonly missing: number
}

/** Where records go from the journal: the store, or the centre that an edge node reports to. */
export type Recipient = Pick<Store, 'applied' | 'countByDevice'> & Partial<Pick<Store, 'sums'>>

/** Runs of positions that are compared: each is a question where the store is an InfluxDB. */
const maxRuns = 64

/**
 * Two books that are kept apart, held against each other: what the gateway counted as it came in, in
 * the commits of the journal, and what can be found now, with the recipient and as records of the journal.
 * Exact at any moment, also under load: everything is taken up to one position of the journal.
 */
export async function takeLedger(
  journal: JournalReader,
  recipient: Recipient | undefined,
  deleted: Pick<Deleted, 'mayHave'> = { mayHave: () => false },
): Promise<Ledger> {
  const applied: Seq = (await recipient?.applied(journal.id)) ?? 0
  const { tallies, queued } = journal.audit(applied)
  const stored = (await recipient?.countByDevice(journal.id, applied)) ?? new Map<DeviceId, number>()
  const names = [...new Set([...tallies.keys(), ...stored.keys()])].sort()
  const devices = names.map(device => {
    const { received = 0, duplicate = 0, parked = 0, refused = 0 } = tallies.get(device)?.event ?? {}
    const row = {
      received,
      stored: stored.get(device) ?? 0,
      duplicate,
      parked,
      refused,
      queued: queued.get(device) ?? 0,
    }
    return { device, ...withDifference(row) }
  })
  const snapshots = sum(
    [...tallies.values()].map(({ snapshot }) => {
      const { received, stored: kept, sighted, duplicate, parked, refused } = snapshot
      // At a centre there may be more sightings than pictures: those of gateways that send no pictures.
      const stored = Math.min(kept, sighted)
      return withDifference({ received, stored, duplicate, parked, refused, queued: kept - stored })
    }),
  )
  const differing = await compareRuns(journal, recipient, deleted, applied)
  const addsUp = devices.every(({ difference }) => difference === 0) && snapshots.difference === 0
  return { total: sum(devices), devices, snapshots, differing, balanced: addsUp && differing.length === 0 }
}

/** Rows by their positions and times of receipt: those of a run from which nothing was deleted must be the same ones. */
async function compareRuns(
  journal: JournalReader,
  recipient: Recipient | undefined,
  deleted: Pick<Deleted, 'mayHave'>,
  applied: Seq,
): Promise<Differing[]> {
  if (recipient?.sums === undefined) return []
  const whole = journal.stretches(0, applied).filter(stretch => !deleted.mayHave(stretch))
  const runs = mergeStretches(whole, maxRuns)
  const found = await recipient.sums(journal.id, runs, applied)
  return runs.flatMap((run, index) => {
    const sums = found[index]!
    if (sameSums(run, sums)) return []
    const { first, last, firstReceivedAt, lastReceivedAt } = run
    return [
      {
        first,
        last: Math.min(last, applied),
        firstReceivedAt: formatRfc3339(firstReceivedAt),
        lastReceivedAt: formatRfc3339(lastReceivedAt),
        missing: run.rows - sums.rows,
      },
    ]
  })
}

function withDifference(row: Omit<LedgerRow, 'difference'>): LedgerRow {
  const { received, stored, duplicate, parked, refused, queued } = row
  return { ...row, difference: received - stored - duplicate - parked - refused - queued }
}

function sum(rows: readonly LedgerRow[]): LedgerRow {
  const total = { received: 0, stored: 0, duplicate: 0, parked: 0, refused: 0, queued: 0 }
  for (const row of rows)
    for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += row[name]
  return withDifference(total)
}
