import type { State } from '../../core/state/state.ts'
import type { ChannelRecord, Notice, Standing } from './notice.ts'
import { restedPace } from './pace.ts'

const keyOf = (number: number) => String(number).padStart(12, '0')
const rangeOf = (channel: string) => ({ after: `${channel}/`, until: `${channel}0` })

export const newRecord: ChannelRecord = { pace: restedPace, sent: 0, failed: 0, undelivered: 0 }

/** Tables of one channel in the state. Write only inside `State.transact`. */
export function createChannelTables(state: State, channel: string) {
  const notices = state.table<Notice>('notice')
  const standings = state.table<Standing>('notice-standing')
  const records = state.table<ChannelRecord>('notice-channel')
  return {
    notice: (number: number) => notices.get(`${channel}/${keyOf(number)}`),
    notices: () => [...notices.entries(rangeOf(channel))].map(([, notice]) => notice),
    putNotice(notice: Notice) {
      notices.put(`${channel}/${keyOf(notice.changed.change.number)}`, notice)
    },
    removeNotice(number: number) {
      notices.remove(`${channel}/${keyOf(number)}`)
    },
    standing: (alert: string) => standings.get(`${channel}/${alert}`),
    putStanding(alert: string, standing: Standing | undefined) {
      if (standing === undefined) standings.remove(`${channel}/${alert}`)
      else standings.put(`${channel}/${alert}`, standing)
    },
    record: (): ChannelRecord => records.get(channel) ?? newRecord,
    putRecord(record: ChannelRecord) {
      records.put(channel, record)
    },
  }
}

export type ChannelTables = ReturnType<typeof createChannelTables>

/** Deletes the data of channels that are no longer configured. */
export function removeOtherChannels(state: State, channels: readonly string[]): void {
  for (const name of ['notice', 'notice-standing', 'notice-channel']) {
    const table = state.table(name)
    for (const [key] of table.entries()) {
      if (!channels.includes(key.split('/')[0]!)) table.remove(key)
    }
  }
}
