import { createHash } from 'node:crypto'
import { dayMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { State } from '../../core/state/state.ts'
import type { FindingPlace } from '../detect/rule.ts'
import type { NewSnooze, Snooze } from './alerts.ts'

export interface Quiet {
  readonly until: number
  readonly maintenance: boolean
}

const longestSnoozeMs = 31 * dayMs
const longestMaintenanceMs = 366 * dayMs
const maxSnoozes = 1000
const maxNote = 500

/** What is quiet now and will be. Those that are over are forgotten with `expire`. */
export function createSnoozes(state: State) {
  const table = state.table<Snooze>('snooze')

  const matches = ({ rule, place }: NewSnooze, about: { rule: string; place: FindingPlace }) =>
    (rule === undefined || rule === about.rule) &&
    Object.entries(place).every(([name, value]) => about.place[name as keyof FindingPlace] === value)

  return {
    list: (): Snooze[] => [...table.entries()].map(([, snooze]) => snooze),
    /** Whether and until when somebody wants to hear nothing of it. */
    quietOf(about: { rule: string; place: FindingPlace }, now: number): Quiet | undefined {
      let quiet: Quiet | undefined
      for (const [, snooze] of table.entries()) {
        if (snooze.from > now || snooze.until <= now || !matches(snooze, about)) continue
        quiet = {
          until: Math.max(quiet?.until ?? 0, snooze.until),
          maintenance: quiet?.maintenance || snooze.why === 'maintenance',
        }
      }
      return quiet
    },
    /** Within a transaction. Throws SNOOZE_INVALID. */
    add(wanted: NewSnooze, by: string, now: number): Snooze {
      check(wanted, now)
      if ([...table.entries({ limit: maxSnoozes })].length >= maxSnoozes)
        throw invalid(`there are ${maxSnoozes} already: remove those that are not needed`)
      const id = createHash('sha256')
        .update(JSON.stringify([wanted, by, now]))
        .digest('hex')
        .slice(0, 12)
      const snooze = { id, ...wanted, by, at: now }
      table.put(id, snooze)
      return snooze
    },
    /** Within a transaction. Throws SNOOZE_NOT_FOUND. */
    remove(id: string): Snooze {
      const found = table.get(id)
      if (found === undefined)
        throw new LintelError('SNOOZE_NOT_FOUND', `there is no snooze ${id.slice(0, 64)}, or it is over`)
      table.remove(id)
      return found
    },
    /** Within a transaction. */
    expire(now: number): void {
      for (const [id, { until }] of table.entries()) if (until <= now) table.remove(id)
    },
  }
}

const invalid = (what: string) => new LintelError('SNOOZE_INVALID', what)

function check({ why, from, until, note = '' }: NewSnooze, now: number): void {
  const longest = why === 'snooze' ? longestSnoozeMs : longestMaintenanceMs
  if (!(until > from)) throw invalid('it ends before it begins')
  if (until <= now) throw invalid('it is over already')
  if (until - from > longest) throw invalid(`${longest / dayMs} days is the longest`)
  if (note.length > maxNote) throw invalid(`a note has ${maxNote} characters at most`)
}
