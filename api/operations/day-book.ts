import type { Clock } from '../../core/clock.ts'
import type { State } from '../../core/state/state.ts'
import type { Registry } from '../../devices/registry/registry.ts'
import { createFirstRows } from '../../flow/small/first-rows.ts'
import { createToldDays } from '../../flow/small/told-days.ts'
import type { ToldDays } from '../../flow/small/town.ts'
import type { JournalReader } from '../../gateway/journal/journal.ts'
import type { Store } from '../../ingest/store/store.ts'
import { createTownReader } from './town.ts'

export interface DayBookParts {
  readonly state: State
  readonly registry: Registry
  readonly store: Pick<Store, 'cells' | 'oldest' | 'applied'>
  readonly journal: Pick<JournalReader, 'id' | 'read'>
  readonly zone: string
  readonly clock: Clock
}

/** How each day was first shown to users who see no small numbers, for the process that writes state. */
export function createDayBook({ state, registry, store, journal, zone, clock }: DayBookParts): ToldDays {
  const town = createTownReader(registry)
  return createToldDays({
    state,
    zone,
    town,
    enrolledAt: device => registry.remembered(device)?.enrolledAt ?? 0,
    firstRows: createFirstRows({
      store,
      zone,
      now: clock,
      isHousehold: device => registry.remembered(device)?.household === true,
    }),
    async storedUntil() {
      const now = clock()
      const [next] = journal.read(await store.applied(journal.id), 1).entries
      return next === undefined ? now : next.record.receivedAt
    },
  })
}
