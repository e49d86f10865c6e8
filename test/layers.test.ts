import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const rooms = [
  'core',
  'config',
  'devices',
  'gateway',
  'models',
  'ingest',
  'alerts',
  'flow',
  'api',
  'cli',
  'deploy',
  'tools',
  'bench',
  'test',
]

/** What a room may import beside its own files: rooms, folders or files; `any` for all. */
const arrows: Record<string, readonly string[] | 'any'> = {
  core: ['package.json'],
  config: ['core/'],
  devices: ['core/', 'config/'],
  models: ['core/', 'config/regions.ts'],
  gateway: ['core/', 'config/', 'devices/', 'models/'],
  ingest: ['core/', 'config/', 'devices/', 'gateway/journal/journal.ts', 'gateway/journal/stretch.ts'],
  alerts: [
    'core/',
    'config/',
    'devices/',
    'gateway/journal/journal.ts',
    'ingest/store/store.ts',
    'ingest/store/fold-cells.ts',
    'ingest/intake/intake-stats.ts',
  ],
  flow: [
    'core/',
    'config/',
    'ingest/store/store.ts',
    'ingest/store/scan.ts',
    'ingest/store/fold-cells.ts',
    'alerts/book/alert-cells.ts',
  ],
  api: [
    'core/',
    'config/',
    'flow/',
    'devices/contract/kinds.ts',
    'devices/registry/',
    // Ports: what the journal, the control of the gateway and the store promise, and the counts that they speak of.
    'gateway/journal/journal.ts',
    'gateway/journal/last-received.ts',
    'gateway/journal/tally.ts',
    'gateway/journal/stretch.ts',
    'gateway/control/gateway-control.ts',
    'gateway/snapshots/snapshots.ts',
    'gateway/snapshots/holds.ts',
    'gateway/snapshots/picture-holdings.ts',
    'alerts/book/',
    'alerts/rules/',
    'alerts/detect/',
    'alerts/notify/notifier.ts',
    'ingest/retention/',
    'ingest/store/store.ts',
    'ingest/store/scan.ts',
    'ingest/intake/intake-stats.ts',
  ],
  cli: 'any',
  deploy: ['cli/build/'],
  tools: 'any',
  bench: 'any',
  test: 'any',
}

/** They choose the technology behind a port. The town is a fleet of programs that use the client. */
const mayChoose = (file: string) =>
  basename(file) === 'main.ts' || /^(?:cli|bench|test|devices\/town)\//.test(file)
const isAdapter = (file: string) => /^(?:lmdb|duckdb|memory|sqlite|influx|file)-/.test(basename(file))

interface Import {
  readonly from: string
  readonly to: string
}

const files = rooms.flatMap(room => {
  const inside = readdirIfThere(join(root, room))
  return inside
    .filter(name => name.endsWith('.ts') && !name.includes('node_modules'))
    .map(name => join(room, name))
})

function readdirIfThere(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' })
  } catch {
    return []
  }
}

const withoutComments = (source: string) =>
  source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
const statement = /^\s*(?:import|export)\s+(?:type\s+)?(?:[^'"`;]*?\s+from\s+)?['"](\.{1,2}\/[^'"]+)['"]/gm
const dynamic = /\bimport\(\s*['"](\.{1,2}\/[^'"]+)['"]/g

function importsOf(file: string): Import[] {
  const source = withoutComments(readFileSync(join(root, file), 'utf8'))
  const target = (path: string) => relative(root, join(root, dirname(file), path))
  return [...source.matchAll(statement), ...source.matchAll(dynamic)].map(([, path]) => ({
    from: file,
    to: target(path!),
  }))
}

const imports = files.flatMap(importsOf)
const roomOf = (file: string) => file.split('/')[0]!
const told = ({ from, to }: Import) => `${from} -> ${to}`

describe('the layers', () => {
  test('are all looked at', () => {
    expect(files.length).toBeGreaterThan(80)
    expect(imports.length).toBeGreaterThan(300)
    expect(imports.map(told)).toContain('flow/query.ts -> ingest/store/store.ts')
    expect(imports.map(told)).toContain('core/version.ts -> package.json')
  })

  for (const [room, allowed] of Object.entries(arrows)) {
    test(`${room} imports ${allowed === 'any' ? 'what it likes' : `itself, ${allowed.join(', ')}`}`, () => {
      const wrong = imports.filter(({ from, to }) => {
        if (roomOf(from) !== room || roomOf(to) === room || allowed === 'any' || basename(from) === 'main.ts')
          return false
        return !allowed.some(place => (place.endsWith('/') ? to.startsWith(place) : to === place))
      })
      expect(wrong.map(told)).toEqual([])
    })
  }

  test('nobody imports a test or a bench but they themselves', () => {
    const wrong = imports.filter(
      ({ from, to }) => /^(?:test|bench)\//.test(to) && !/^(?:test|bench)\//.test(from),
    )
    expect(wrong.map(told)).toEqual([])
  })

  test('adapters are chosen by a main.ts, the command line, the town, benches and tests alone', () => {
    const wrong = imports.filter(
      ({ from, to }) => isAdapter(to) && dirname(from) !== dirname(to) && !mayChoose(from),
    )
    expect(wrong.map(told)).toEqual([])
  })

  test('no file imports itself, by whatever way round', () => {
    const next = new Map<string, string[]>()
    for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to])
    const done = new Set<string>()
    const cycles: string[] = []
    function visit(file: string, path: readonly string[]): void {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
      else if (!done.has(file)) {
        for (const to of next.get(file) ?? []) visit(to, [...path, file])
        done.add(file)
      }
    }
    for (const file of files) visit(file, [])
    expect(cycles).toEqual([])
  })

  test('every import names a file that is there', () => {
    const known = new Set([...files, 'package.json'])
    expect(imports.filter(({ to }) => to.endsWith('.ts') && !known.has(to)).map(told)).toEqual([])
  })

  test('nothing is exported unnamed: no export *, and no default outside configuration', () => {
    const wrong = files.filter(file => {
      const source = withoutComments(readFileSync(join(root, file), 'utf8'))
      return /^\s*export\s*\*/m.test(source) || /^\s*export default/m.test(source)
    })
    expect(wrong).toEqual([])
  })
})
