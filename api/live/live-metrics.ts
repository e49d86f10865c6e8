import { createGauges } from '../../core/gauges.ts'
import type { AlertLive } from './alert-live.ts'

/** Who reads along, in the text format of Prometheus. */
export function createLiveMetrics({ stats }: AlertLive): () => Promise<string> {
  const { gauge, labelled, text } = createGauges()
  gauge('lintel_alert_readers', 'Who reads the live stream of alerts now.', () => stats().readers)
  labelled('lintel_alert_readers_cut', 'Live streams that were ended, since the start.', 'why', () => {
    const { cutSlow, cutRevoked, refused } = stats()
    return Object.entries({ slow: cutSlow, revoked: cutRevoked, full: refused })
  })
  return text
}
