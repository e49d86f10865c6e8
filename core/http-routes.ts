/** The routes by address, in order to tell an unknown method (405) from an unknown address (404). */
export interface RouteTable {
  add(route: {
    readonly method: string | readonly string[]
    readonly url: string
    readonly isOpen: boolean
  }): void
  /** Undefined if no route has the path. */
  at(path: string): { readonly methods: readonly string[]; readonly isOpen: boolean } | undefined
}

export function createRouteTable(): RouteTable {
  const known = new Map<string, { pattern: RegExp; methods: Set<string>; isOpen: boolean }>()
  return {
    add({ method, url, isOpen }) {
      const { pattern, methods } = known.get(url) ?? {
        pattern: patternOf(url),
        methods: new Set(['OPTIONS']),
      }
      for (const each of [method].flat()) methods.add(each)
      known.set(url, { pattern, methods, isOpen })
    },
    at(path) {
      const found = [...known.values()].filter(({ pattern }) => pattern.test(path))
      if (found.length === 0) return undefined
      const methods = [...new Set(found.flatMap(({ methods }) => [...methods]))].sort()
      return { methods, isOpen: found.every(({ isOpen }) => isOpen) }
    },
  }
}

const patternOf = (url: string) =>
  new RegExp(`^${url.split('/').map(part => (part.startsWith(':') ? '[^/]+' : part.replaceAll(/[.*+?^$()[\]{}|\\]/g, '\\$&'))).join('/')}$`) // biome-ignore format: one line
