import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FlowBin } from '../../alerts/unusual/detector/state.ts'
import { disjoint, type Stretch } from './score.ts'

/** 7 is out, 9 is in. Stamps are local and of no zone: here they count as UTC, so that every day has 48 bins. */
export function readCalIt2(directory: string, flow: number): { bins: FlowBin[]; known: Stretch[] } {
  const rows = (name: string) =>
    readFileSync(join(directory, name), 'utf8')
      .split(/\r?\n/)
      .filter(line => line.includes(','))
      .map(line => line.split(','))
  const bins = rows('CalIt2.data')
    .filter(([of]) => Number(of) === flow)
    .map(([, date = '', time = '', count]) => ({ at: moment(date, time), count: Number(count) }))
  const events = rows('CalIt2.events').map(([date = '', begin = '', end = '']) => ({
    begin: moment(date, begin),
    end: moment(date, end),
  }))
  return { bins, known: disjoint(events) }
}

/** MM/DD/YY and HH:MM:SS. */
function moment(date: string, time: string): number {
  const [month, day, year] = date.split('/')
  return Date.parse(`20${year}-${month}-${day}T${time}Z`)
}
