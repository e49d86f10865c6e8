import type { Place } from '../../core/words.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import type { Row } from '../../ingest/store/store.ts'
import { passage } from '../support/records.ts'

export const place = (id: number, change: Partial<Place> = {}): Place => ({
  id,
  device: `d${id}`,
  site: 'nanshe',
  building: 'b01',
  point: `p${id}`,
  zone: 'Asia/Shanghai',
  ...change,
})

export const row = (seq: number, record: EventRecord = passage(), at: Place = place(1)) =>
  ({ seq, record, place: at }) as Row
