import type { Alert } from '../book/alert.ts'
import type { AlertChange, Alerts } from '../book/alerts.ts'
import { isBeginning } from './notice.ts'
import type { ChannelTables } from './tables.ts'

/** Settles notices that are done with. Call all of it inside `State.transact`. */
export function createSettlement(
  channel: string,
  tables: ChannelTables,
  alerts: Pick<Alerts, 'note'>,
  find: (id: string) => Alert | undefined,
) {
  /** The alert may have been snoozed or resolved while the message was on its way. */
  const untoldAs = (id: string, number: number) => {
    const standing = tables.standing(id)
    if (standing?.is === 'waiting' && standing.number === number) return 'waiting'
    return standing?.is === 'asleep' && standing.untold === number ? 'asleep' : undefined
  }

  return {
    delivered(numbers: readonly number[]): void {
      for (const number of numbers) {
        const { changed } = tables.notice(number) ?? {}
        tables.removeNotice(number)
        if (changed === undefined || !isBeginning(changed)) continue
        const { id } = changed.alert
        const was = untoldAs(id, number)
        if (was === undefined) continue
        const now = was === 'asleep' ? ({ is: 'asleep' } as const) : ({ is: 'told' } as const)
        // If it recurs, it starts over.
        tables.putStanding(id, find(id)?.status === 'resolved' ? undefined : now)
      }
    },
    /** Each alert gets an entry in its history. */
    givenUp(numbers: readonly number[], now: number): AlertChange[] {
      const ids = new Set<string>()
      for (const number of numbers) {
        const { changed } = tables.notice(number) ?? {}
        tables.removeNotice(number)
        if (changed === undefined) continue
        const { id } = changed.alert
        ids.add(id)
        if (!isBeginning(changed) || untoldAs(id, number) !== undefined) tables.putStanding(id, undefined)
      }
      return [...ids]
        .map(id => alerts.note(id, { what: 'undelivered', channel }, now))
        .filter(changed => changed !== undefined)
    },
  }
}
