import type { ChannelView } from '../../alerts/notify/notifier.ts'
import { minuteMs, secondMs } from '../../core/clock.ts'
import { codeOf } from '../../core/errors.ts'
import type { Finding } from './finding.ts'

/** A notice that is due for longer is late; sooner where the last try failed, and after ten minutes it has been tried often. */
const lateMs = { failing: 10 * secondMs, else: minuteMs }
const lostMs = 10 * minuteMs

/** Findings about channels that fail to tell people of alerts. `now` in epoch ms. */
export function channelFindings(channels: readonly ChannelView[], now: number): Finding[] {
  return channels.flatMap(({ name, waiting, oldestAt, fault, quietUntil }): Finding[] => {
    const lateFor = oldestAt === undefined || quietUntil !== undefined ? 0 : now - oldestAt
    if (lateFor < (fault === undefined ? lateMs.else : lateMs.failing)) return []
    const why = fault === undefined ? '' : `: ${fault}`
    const finding = `${name}: ${waiting} ${waiting === 1 ? 'notice waits' : 'notices wait'}, the oldest for ${Math.floor(lateFor / secondMs)} s${why} (lintel alerts channels)`
    return [{ check: 'channel', result: lateFor < lostMs ? 'warning' : 'problem', finding }]
  })
}

/** Empty on a gateway alone, which has no channels. */
export async function channelsOf(listChannels: () => Promise<ChannelView[]>): Promise<ChannelView[]> {
  try {
    return await listChannels()
  } catch (error) {
    if (codeOf(error) === 'API_UNAVAILABLE') return []
    throw error
  }
}
