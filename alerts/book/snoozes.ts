import { createHash } from 'node:crypto'
import { dayMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { State } from '../../core/state/state.ts'
import type { FindingPlace } from '../rules/rule.ts'
import type { NewSnooze, Snooze } from './alerts.ts'

export interface Quiet {
  readonly until: number
  readonly maintenance: boolean
}

/** Tells whether an alert about this is quiet, and until when. */
export type QuietOf = (about: { rule: string; place: FindingPlace }) => Quiet | undefined

const longestSnoozeMs = 31 * dayMs
const longestMaintenanceMs = 366 * dayMs
const maxSnoozes = 1000
const maxNote = 500

/** Current and future snoozes. `expire` deletes those that are over. */
export function createSnoozes(state: State) {
  const table = state.table<Snooze>('snooze')
  /** Start times of snoozes that have not begun, by id. */
  const coming = state.table<number>('snooze-coming')

  const matches = ({ rule, place }: NewSnooze, about: { rule: string; place: FindingPlace }) =>
    (rule === undefined || rule === about.rule) &&
    Object.entries(place).every(([name, value]) => about.place[name as keyof FindingPlace] === value)

  const inForce = (now: number) =>
    [...table.entries()].map(([, snooze]) => snooze).filter(({ from, until }) => from <= now && until > now)

  return {
    list: (): Snooze[] => [...table.entries()].map(([, snooze]) => snooze),
    /** Reads the snoozes once for any number of alerts. */
    inForce(now: number): QuietOf {
      const all = inForce(now)
      return about => {
        const those = all.filter(snooze => matches(snooze, about))
        if (those.length === 0) return undefined
        return {
          until: Math.max(...those.map(({ until }) => until)),
          maintenance: those.some(({ why }) => why === 'maintenance'),
        }
      }
    },
    /** True if a snooze has begun since the last call. Call within a transaction. */
    begin(now: number): boolean {
      const begun = [...coming.entries()].filter(([, from]) => from <= now)
      for (const [id] of begun) coming.remove(id)
      return begun.length > 0
    },
    /** Call within a transaction. Throws SNOOZE_INVALID. */
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
      if (snooze.from > now) coming.put(id, snooze.from)
      return snooze
    },
    /** Call within a transaction. Throws SNOOZE_NOT_FOUND. */
    remove(id: string): Snooze {
      const found = table.get(id)
      if (found === undefined)
        throw new LintelError('SNOOZE_NOT_FOUND', `there is no snooze ${id.slice(0, 64)}, or it is over`)
      table.remove(id)
      coming.remove(id)
      return found
    },
    /** Call within a transaction. */
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
