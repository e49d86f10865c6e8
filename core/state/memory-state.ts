import { assertKey, isKey, type State, type Table } from './state.ts'

const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** State in memory only: for tests, and as the simplest implementation of the port. */
export function createMemoryState(): State {
  const tables = new Map<string, Map<string, string>>()

  return {
    table<V>(name: string): Table<V> {
      const rows = () => {
        const existing = tables.get(name)
        if (existing !== undefined) return existing
        const created = new Map<string, string>()
        tables.set(name, created)
        return created
      }
      return {
        get(key) {
          const text = isKey(key) ? rows().get(key) : undefined
          return text === undefined ? undefined : JSON.parse(text)
        },
        entries({ after, until, limit, reverse = false } = {}) {
          const sorted = [...rows()].sort(([a], [b]) => compare(a, b))
          if (reverse) sorted.reverse()
          const order = reverse ? -1 : 1
          return sorted
            .filter(([key]) => after === undefined || compare(key, after) * order > 0)
            .filter(([key]) => until === undefined || compare(key, until) * order < 0)
            .slice(0, limit)
            .map(([key, text]) => [key, JSON.parse(text)] as [string, V])
        },
        put(key, value) {
          assertKey(key)
          rows().set(key, JSON.stringify(value))
        },
        remove(key) {
          rows().delete(key)
        },
      }
    },
    async transact(change) {
      const before = new Map([...tables].map(([name, rows]) => [name, new Map(rows)]))
      try {
        return change()
      } catch (error) {
        tables.clear()
        for (const [name, rows] of before) tables.set(name, rows)
        throw error
      }
    },
    async close() {},
  }
}
