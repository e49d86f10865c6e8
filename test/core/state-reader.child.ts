import { openLmdbState } from '../../core/state/lmdb-state.ts'

/** Reads the state that its parent writes: answers each `[table, key]` with what is there now. */
const state = openLmdbState({ directory: process.argv[2]!, readOnly: true })
const tables = new Map<string, ReturnType<typeof state.table>>()

process.on('message', ([name, key]: [string, string]) => {
  const table = tables.get(name) ?? state.table(name)
  tables.set(name, table)
  process.send!({ value: table.get(key) ?? null, keys: [...table.entries()].map(([k]) => k) })
})
process.on('disconnect', () => process.exit(0))
process.send!('ready')
