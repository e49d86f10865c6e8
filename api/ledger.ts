import { formatRfc3339 } from '../core/rfc3339.ts'
import type { DeviceId, Seq } from '../core/words.ts'
import type { JournalReader } from '../gateway/journal/journal.ts'
import { mergeStretches, sameSums } from '../gateway/journal/stretch.ts'
import type { Deleted } from '../ingest/retention/deleted.ts'
import type { Store } from '../ingest/store/store.ts'

/** Accounts for each event that arrived at the gateway. */
export interface LedgerRow {
  /** Counted on arrival. */
  readonly received: number
  /** Counted as rows of the store; on an edge node, as events taken over by its centre. */
  readonly stored: number
  readonly duplicate: number
  readonly parked: number
  readonly refused: number
  /** Counted as records of the journal that have not arrived there yet. */
  readonly queued: number
  /** `received` minus all the others: 0 if nothing was lost or duplicated. */
  readonly difference: number
}

export interface Ledger {
  readonly total: LedgerRow
  readonly devices: readonly ({ readonly device: DeviceId } & LedgerRow)[]
  /** The same for snapshots, which are no rows: `stored` have their sighting, `queued` wait for it. */
  readonly snapshots: LedgerRow
  /** Runs of positions whose rows are not those the journal assigned: counts alone may agree by chance. */
  readonly differing: readonly Differing[]
  /** True if every device adds up, and no rows differ. */
  readonly balanced: boolean
}

export interface Differing {
  /** Positions in the journal, both inclusive. */
  readonly first: Seq
  readonly last: Seq
  /** When the first and the last of these were received, RFC 3339. */
  readonly firstReceivedAt: string
  readonly lastReceivedAt: string
  /** Number of rows missing in the store; negative if it has too many. */
  readonly missing: number
}

/** Destination of the journal's records: the store, or the centre of an edge node. */
export type Recipient = Pick<Store, 'applied' | 'countByDevice'> & Partial<Pick<Store, 'sums'>>

/** Number of runs compared: with InfluxDB, each costs a query. */
const maxRuns = 64

/**
 * Compares two independent counts: what the gateway counted on arrival, in the commits of the journal, and what exists
 * now, at the recipient and as records of the journal. It is exact at any moment, also under load, because both are
 * taken up to the same position of the journal.
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
      // A centre may have more sightings than pictures, because some gateways send no pictures.
      const stored = Math.min(kept, sighted)
      return withDifference({ received, stored, duplicate, parked, refused, queued: kept - stored })
    }),
  )
  const differing = await compareRuns(journal, recipient, deleted, applied)
  const addsUp = devices.every(({ difference }) => difference === 0) && snapshots.difference === 0
  return { total: sum(devices), devices, snapshots, differing, balanced: addsUp && differing.length === 0 }
}

/** Compares rows by positions and times of receipt. If nothing of a run was deleted, both sides must have the same rows. */
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
