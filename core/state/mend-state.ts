import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import * as lmdb from 'lmdb'
import { LintelError, messageOf } from '../errors.ts'
import { checkFile, type FileCheck } from '../lmdb-file/check.ts'
import { looseNodesOf, nodesOf, openPageFile, type PageFile, writerOf } from '../lmdb-file/pages.ts'
import { dataFile, newDraft, removeDraft, replaceDamaged } from '../lmdb-file/set-aside.ts'
import { unsealJson } from '../sealed.ts'
import { openLmdbState } from './lmdb-state.ts'

export interface MendedState {
  /** The first twenty faults found. */
  readonly faults: readonly string[]
  /** Number of rows saved, by table. */
  readonly saved: Readonly<Record<string, number>>
  /** Tables whose rows may be missing or outdated. */
  readonly incomplete: readonly string[]
}

/** The types of lmdb omit it. */
const { bufferToKeyValue } = lmdb as unknown as { bufferToKeyValue(key: Buffer): unknown }

/**
 * Reads the whole file of a state that no process has open, and rebuilds it if a page or a row is damaged; undefined if
 * all is well. The damaged file is set aside, with a report. Throws STATE_CORRUPT if the rebuild fails.
 */
export async function mendState(
  directory: string,
  now: number,
): Promise<{ mended: MendedState; setAside: string } | undefined> {
  const path = join(directory, dataFile)
  if (!existsSync(path) || statSync(path).size === 0) return undefined
  const file = openPageFile(path)
  try {
    const rows: Rows = new Map()
    const check = checkState(file, (table, key, value) => put(rows, table, key, { value, writer: inForce }))
    return check.faults.length === 0 ? undefined : await mend(directory, file, check, rows, now)
  } finally {
    file.close()
  }
}

/** Reads the whole file. Calls `visit` for each intact row. */
export function checkState(
  file: PageFile,
  visit: (table: string, key: string, value: unknown) => void = () => {},
): FileCheck {
  const damagedTables = new Set<string>()
  const faults: string[] = []
  const check = checkFile(file, (table, rawKey, row) => {
    const key = keyOf(rawKey)
    const unsealed = unsealJson(table, key, row)
    if (unsealed !== undefined) return visit(table, key, unsealed.value)
    damagedTables.add(table)
    if (faults.length < mostFaults) faults.push(`${table}: a row is not as it was written`)
  })
  return {
    ...check,
    faults: [...check.faults, ...faults].slice(0, mostFaults),
    damagedTables: new Set([...check.damagedTables, ...damagedTables]),
  }
}

const mostFaults = 20
type Rows = Map<string, Map<string, Row>>

interface Row {
  readonly value: unknown
  readonly writer: number
}

const inForce = Number.POSITIVE_INFINITY

function put(rows: Rows, table: string, key: string, row: Row): void {
  const known = rows.get(table) ?? new Map<string, Row>()
  rows.set(table, known)
  if (row.writer > (known.get(key)?.writer ?? -1)) known.set(key, row)
}

async function mend(
  directory: string,
  file: PageFile,
  check: FileCheck,
  rows: Rows,
  now: number,
): Promise<{ mended: MendedState; setAside: string }> {
  const { faults, damagedTables: damaged } = check
  const isAllLost = check.isMetaDamaged || damaged.has('(tables)')
  salvage(file, check, (table, key, row) => {
    if (isAllLost || damaged.has(table)) put(rows, table, key, row)
  })
  try {
    const draft = newDraft(directory)
    const state = openLmdbState({ directory: draft })
    try {
      await state.transact(() => {
        for (const [name, values] of rows) {
          const table = state.table(name)
          for (const [key, { value }] of values) table.put(key, value)
        }
      })
    } finally {
      // Otherwise lmdb would reuse this one when the next try opens the same path.
      await state.close()
    }
    const saved = Object.fromEntries([...rows].map(([name, values]) => [name, values.size]))
    const incomplete = isAllLost ? Object.keys(saved) : [...damaged].filter(name => !name.startsWith('('))
    const mended: MendedState = { faults, saved, incomplete }
    return { mended, setAside: await replaceDamaged(directory, draft, mended, now) }
  } catch (error) {
    removeDraft(directory)
    throw new LintelError(
      'STATE_CORRUPT',
      `${directory} is damaged (${faults[0]}) and could not be rebuilt: ${messageOf(error)}`,
      { cause: error },
    )
  }
}

/** Tables in which an old row is better than none. Other tables hold what may have been revoked since: sessions, tokens, accounts. */
const mayBeOld: ReadonlySet<string> = new Set(['device', 'place', 'counter', 'cursor', 'cursor-passed'])

/** Visits the rows of pages that no tree leads to. The seal of a row tells its table. Free pages hold outdated rows. */
function salvage(
  file: PageFile,
  check: FileCheck,
  visit: (table: string, key: string, row: Row) => void,
): void {
  const names = new Set(check.tables)
  const pages = function* () {
    for (let number = 2; number < file.pages; number++)
      if (check.use[number] !== 1) yield { page: file.read(number)!, isFree: check.use[number] === 2 }
  }
  // Pages that list the tables may be lost, too; older copies of them name the tables.
  for (const { page } of pages())
    for (const { key, isTree } of nodesOf(page, 'leaf') ?? []) if (isTree) names.add(keyOf(key))
  const newest = check.meta?.transaction ?? inForce
  for (const { page, isFree } of pages()) {
    const written = writerOf(page)
    const writer = written <= newest ? written : 0
    for (const { key: rawKey, value: row, large } of looseNodesOf(page)) {
      if (large !== undefined) continue
      const key = keyOf(rawKey)
      for (const table of names) {
        const unsealed = unsealJson(table, key, row)
        if (!unsealed?.isSealed) continue
        if (!isFree || mayBeOld.has(table)) visit(table, key, { value: unsealed.value, writer })
        break
      }
    }
  }
}

function keyOf(rawKey: Buffer): string {
  try {
    // The key decoder reads a little past the end of a key.
    const padded = Buffer.concat([rawKey, Buffer.alloc(16)]).subarray(0, rawKey.length)
    return String(bufferToKeyValue(padded))
  } catch {
    return ''
  }
}
