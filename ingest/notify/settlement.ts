import type { Alert } from '../alert/alert.ts'
import type { AlertChange, Alerts } from '../alert/alerts.ts'
import { isBeginning } from './notice.ts'
import type { ChannelTables } from './tables.ts'

/** What becomes of notices that are done with. All of it is for inside `State.transact`. */
export function createSettlement(
  channel: string,
  tables: ChannelTables,
  alerts: Pick<Alerts, 'note'>,
  find: (id: string) => Alert | undefined,
) {
  /** It may have been put to sleep, or resolved, while the message was on its way. */
  const isWaitingAs = (id: string, number: number) => {
    const standing = tables.standing(id)
    return standing?.is === 'waiting' && standing.number === number
  }

  return {
    delivered(numbers: readonly number[]): void {
      for (const number of numbers) {
        const { changed } = tables.notice(number) ?? {}
        tables.removeNotice(number)
        if (changed === undefined || !isBeginning(changed)) continue
        const { id } = changed.alert
        if (!isWaitingAs(id, number)) continue
        // Should it come again, it begins anew.
        tables.putStanding(id, find(id)?.status === 'resolved' ? undefined : { is: 'told' })
      }
    },
    /** Each alert has it in its history. */
    givenUp(numbers: readonly number[], now: number): AlertChange[] {
      const ids = new Set<string>()
      for (const number of numbers) {
        const { changed } = tables.notice(number) ?? {}
        tables.removeNotice(number)
        if (changed === undefined) continue
        const { id } = changed.alert
        ids.add(id)
        if (!isBeginning(changed) || isWaitingAs(id, number)) tables.putStanding(id, undefined)
      }
      return [...ids]
        .map(id => alerts.note(id, { what: 'undelivered', channel }, now))
        .filter(changed => changed !== undefined)
    },
  }
}
