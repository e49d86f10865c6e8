import { readFileSync, statSync } from 'node:fs'
import { createOffsets, momentsOf } from '../../alerts/calendar/offsets.ts'
import type { FlowBin } from '../../alerts/unusual/detector/state.ts'
import { minuteMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import { fileFault } from '../../core/files.ts'
import { parseRfc3339 } from '../../core/rfc3339.ts'

export interface Counts {
  readonly bins: readonly FlowBin[]
  /** Names the lines left out, and why. */
  readonly notes: readonly string[]
}

const mostBytes = 256 * 1024 * 1024
/** A lane passes about 200 vehicles in five minutes. A larger number comes from another column. */
const mostCount = 1_000_000
const mostProblems = 20

/** Throws CONFIG_INVALID. */
export function readCounts(file: string, stepMin: number, zone: string): Counts {
  let text: string
  try {
    if (statSync(file).size > mostBytes) throw new Error('is longer than 256 MiB')
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new LintelError('CONFIG_INVALID', `${file}: ${fileFault(error)}`, { cause: error })
  }
  return parseCounts(text, file, stepMin, zone)
}

/**
 * CSV with the header `time,count`: local times or RFC 3339, in order; an empty or negative count is missing. Throws
 * CONFIG_INVALID with the faulty lines, at most 20 of them.
 */
export function parseCounts(text: string, name: string, stepMin: number, zone: string): Counts {
  const offsetAt = createOffsets(zone)
  const problems: string[] = []
  const notes: string[] = []
  const bins: FlowBin[] = []
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
  const cellsOf = (line: string) => line.split(',').map(cell => cell.trim().replace(/^"(.*)"$/, '$1'))
  const header = cellsOf(lines[0]!).map(cell => cell.toLowerCase())
  if (header[0] !== 'time' || header[1] !== 'count' || header.length > 2)
    throw new LintelError('CONFIG_INVALID', `${name}: line 1: the header must be time,count`)

  for (let index = 1; index < lines.length && problems.length < mostProblems; index++) {
    const line = lines[index]!
    if (line.trim() === '') continue
    const say = (problem: string) => problems.push(`${name}: line ${index + 1}: ${problem}`)
    const cells = cellsOf(line)
    const [time = '', count = ''] = cells
    const last = bins.at(-1)?.at ?? Number.NEGATIVE_INFINITY
    if (cells.length !== 2) say(`has ${cells.length} cells, not 2`)
    else {
      const moments = momentsIn(time, offsetAt)
      // When clocks are set back, an hour occurs twice: its second occurrence in the file is the later one.
      const at = moments?.find(moment => moment > last) ?? moments?.at(-1)
      const problem = countProblem(count)
      if (moments === undefined) say(`"${time}" is no time, such as 2026-11-21T08:30`)
      else if (at === undefined) notes.push(`line ${index + 1}: ${zone} has no ${time}; left out`)
      else if (problem !== undefined) say(problem)
      else if ((at + offsetAt(at)) % (stepMin * minuteMs) !== 0)
        say(`${time} does not begin a bin of ${stepMin}m`)
      else if (at === last) say(`${time} comes twice`)
      else if (at < last) say(`${time} comes after a later time`)
      else bins.push({ at, count: countOf(count) })
    }
  }
  if (problems.length === 0) problems.push(...spacingProblems(bins, name, stepMin))
  if (problems.length > 0) throw new LintelError('CONFIG_INVALID', problems.join('\n'))
  return { bins, notes }
}

/** The moments a text may mean; undefined if it is not a time. */
function momentsIn(text: string, offsetAt: (at: number) => number): number[] | undefined {
  const zoned = parseRfc3339(text.replace(' ', 'T'))
  if (!Number.isNaN(zoned)) return [zoned]
  const local = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?$/.exec(text)
  if (local === null) return undefined
  const localMs = parseRfc3339(`${local[1]}T${local[2]}${local[3] ?? ':00'}Z`)
  return Number.isNaN(localMs) ? undefined : momentsOf(localMs, offsetAt)
}

function countProblem(text: string): string | undefined {
  if (text === '') return undefined
  if (!/^-?\d+(?:\.0*)?$/.test(text))
    return `"${text}" is no count: a whole number, or nothing where it is missing`
  return Number(text) > mostCount ? `${text} is more than anybody counts` : undefined
}

const countOf = (text: string) => (text === '' || text.startsWith('-') ? null : Number(text))

function spacingProblems(bins: readonly FlowBin[], name: string, stepMin: number): string[] {
  if (bins.length === 0) return [`${name}: there are no counts in it`]
  const spaces = bins.slice(1).map(({ at }, index) => (at - bins[index]!.at) / minuteMs)
  const closest = spaces.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  if (spaces.length === 0 || closest === stepMin) return []
  return [`${name}: no two times are ${stepMin}m apart, the closest are ${closest}m: give that as --step`]
}
