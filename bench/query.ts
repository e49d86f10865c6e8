import { fork } from 'node:child_process'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { toSearch } from '../api/routes/flow-search.ts'
import { dataPaths, type Endpoint, findEndpoint, prepareDataDirectory } from '../core/data-directory.ts'
import type { FlowAnswer } from '../flow/answer.ts'
import type { ZonedQuestion } from '../flow/question.ts'
import { databasePath } from '../ingest/store/duckdb-database.ts'
import type { GeneratorTask } from './ingest/flood.ts'
import { machine, round } from './machine.ts'
import { openBare } from './query/bare.ts'
import { measureExport } from './query/export.ts'
import { townYear } from './query/town-year.ts'
import { type Service, startService } from './service.ts'

export const description = 'flow answers and an export over a year of one town, generated once into a cache'

const rounds = 20
const storedPerS = 2000
const longestS = 120
const generator = new URL('./ingest/generator.ts', import.meta.url)
/** Of the year: a fifth, 10 million rows of 50. */
const exported = ['2025-04-01', '2025-06-13'] as const

const common = { measure: 'passages', zone: 'Asia/Shanghai' }
const questions: Readonly<Record<string, ZonedQuestion>> = {
  'one building by hour, a month': {
    ...common, every: '1h', by: [], from: '2025-06-01', to: '2025-07-01', where: { site: ['s03'], building: ['b05'] },
  },
  'the town by day, a year': { ...common, every: '1d', by: [], from: '2025-01-01', to: '2026-01-01' },
  'a site by hour and weekday, three months': {
    ...common, by: ['hour-of-day', 'day-of-week'], from: '2025-04-01', to: '2025-07-01', where: { site: ['s03'] },
  },
} // biome-ignore format: a question each

interface Case {
  readonly name: string
  readonly p50Ms: number
  readonly p95Ms: number
  readonly bareP95Ms: number
  /** Medians of both: of so few, the 95th percentile is what else the machine did. */
  readonly ratio: number
  /** While events are being stored. */
  readonly busyP95Ms: number
}

/** `npm run bench -- query [--rows 50000000]`: over HTTP, and by turns the same SQL on a bare connection. */
export async function run({ rows = 50_000_000 }: { rows?: number }) {
  const directory = await townYear(rows)
  const data = await mkdtemp(join(tmpdir(), 'lintel-bench-'))
  const paths = dataPaths(data)
  prepareDataDirectory(paths)
  await copyFile(databasePath(directory), databasePath(paths.store))
  const service = await startService(data)
  const bare = await openBare(directory)
  try {
    const api = findEndpoint(paths, 'api')!
    const quiet = new Map<string, { own: number[]; bare: number[] }>()
    for (const [name, question] of Object.entries(questions)) {
      const times = { own: [] as number[], bare: [] as number[] }
      for (let round = 0; round <= rounds; round++) {
        times.own.push(await timeOf(() => ask(api, question)))
        times.bare.push(await timeOf(() => bare.ask(question)))
      }
      quiet.set(name, times)
    }
    const parquet = await measureExport(api, ...exported)
    const busy = await whileStoring(service, async () => {
      const times = new Map<string, number[]>()
      for (const [name, question] of Object.entries(questions)) {
        const own: number[] = []
        for (let round = 0; round <= rounds; round++) own.push(await timeOf(() => ask(api, question)))
        times.set(name, own)
      }
      return times
    })
    const cases = [...quiet].map(([name, times]): Case => {
      const own = percentiles(times.own)
      const bare = percentiles(times.bare)
      return {
        name,
        ...own,
        bareP95Ms: bare.p95Ms,
        ratio: round(own.p50Ms / bare.p50Ms, 2),
        busyP95Ms: percentiles(busy.times.get(name)!).p95Ms,
      }
    })
    return { rows, cases, storedPerS: round(busy.perS), ...parquet, machine: machine() }
  } finally {
    bare.close()
    await service.stop()
    await rm(data, { recursive: true, force: true })
  }
}

async function ask({ url, token }: Endpoint, question: ZonedQuestion): Promise<void> {
  const response = await fetch(`${url}/api/v1/flow?${toSearch(question)}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  const answer = (await response.json()) as FlowAnswer
  if (!response.ok || answer.rows.length === 0) throw new Error(`no answer: ${JSON.stringify(answer)}`)
}

async function timeOf(act: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await act()
  return performance.now() - started
}

/** The first is left out: it warms up. */
function percentiles([, ...times]: readonly number[]): { p50Ms: number; p95Ms: number } {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => round(sorted[Math.ceil(sorted.length * share) - 1]!, 1)
  return { p50Ms: at(0.5), p95Ms: at(0.95) }
}

/** `act` while a device publishes; how many a second were stored meanwhile. */
async function whileStoring(service: Service, act: () => Promise<Map<string, number[]>>) {
  const { tokens } = await service.operations.importDevices(
    'device,kind,site,building,point\nd,terminal,bench,b,p\n',
  )
  const stored = async () => (await service.operations.ledger()).total.stored
  const count = storedPerS * longestS
  const task: GeneratorTask = {
    ...service.mqtt, devices: [tokens[0]!], window: storedPerS, count, run: 'busy', perS: storedPerS,
  } // biome-ignore format: options
  const load = fork(generator, [JSON.stringify(task)])
  try {
    while ((await stored()) < storedPerS) await sleep(100)
    const [before, started] = [await stored(), performance.now()]
    const times = await act()
    return { times, perS: ((await stored()) - before) / ((performance.now() - started) / 1000) }
  } finally {
    load.kill('SIGKILL')
  }
}
