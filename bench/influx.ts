import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EventRecord } from '../devices/contract/record.ts'
import { createInfluxStore } from '../ingest/store/influx-store.ts'
import type { Row } from '../ingest/store/store.ts'
import { openInfluxd } from './influx/influxd.ts'
import { machine, median, round } from './machine.ts'

const batchRows = 50_000
const linesPerRequest = 5000
const devices = 200

export const description = 'rows a second into an InfluxDB 1.x, against a bare writer of line protocol'

/** `npm run bench -- influx [--rows 200000] [--rounds 3]`; needs influxd. Rates are medians over alternating rounds. */
export async function run({ rows: count = 200_000, rounds = 3 }: { rows?: number; rounds?: number }) {
  const influxd = await openInfluxd()
  const directory = await mkdtemp(join(tmpdir(), 'lintel-bench-'))
  try {
    const rows = makeRows(count)
    const own: number[] = []
    const bare: number[] = []
    const counted: number[] = []
    for (let i = 0; i < rounds; i++) {
      const settings = {
        url: influxd.url,
        version: 1,
        timeoutMs: 60_000,
        directory,
        clock: Date.now,
      } as const
      const store = createInfluxStore({ ...settings, database: `own-${i}` })
      await store.applied('j')
      own.push(await rateOf(count, () => writeAll(store, rows)))
      const began = performance.now()
      const devicesCounted = await store.countByDevice('j', count)
      counted.push((count * 1000) / (performance.now() - began))
      const found = [...devicesCounted.values()].reduce((a, b) => a + b, 0)
      if (found !== count) throw new Error(`${found} of ${count} rows are there`)
      await store.close()
      bare.push(await rateOf(count, () => writeBare(influxd.url, `bare-${i}`, count)))
    }
    return {
      rows: count,
      perS: round(median(own)),
      barePerS: round(median(bare)),
      ratio: round(median(own) / median(bare), 2),
      countedPerS: round(median(counted)),
      machine: machine(),
    }
  } finally {
    await influxd.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

async function rateOf(count: number, act: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await act()
  return (count * 1000) / (performance.now() - began)
}

function makeRows(count: number): Row[] {
  const now = Date.now()
  const places = Array.from({ length: devices }, (_, i) => ({
    id: i + 1,
    device: `door-${i}`,
    site: 'bench',
    building: `b${i % 20}`,
    point: `p${i}`,
    zone: 'Asia/Shanghai',
  }))
  return Array.from({ length: count }, (_, i) => {
    const at = now - (count - i) * 20
    const record: EventRecord = {
      kind: 'passage',
      at,
      receivedAt: at + 40,
      late: false,
      skewed: false,
      place: places[i % devices]!,
      data: { direction: i % 3 === 0 ? 'out' : 'in', result: 'granted', method: 'card' },
    }
    return { seq: i + 1, place: places[i % devices]!, record } as Row
  })
}

async function writeAll(store: ReturnType<typeof createInfluxStore>, rows: readonly Row[]): Promise<void> {
  for (let start = 0; start < rows.length; start += batchRows) {
    const batch = rows.slice(start, start + batchRows)
    await store.write({ journal: 'j', rows: batch, next: batch.at(-1)!.seq })
  }
}

/** The least that the same rows take: texts put together, one request after the other. */
async function writeBare(url: string, database: string, count: number): Promise<void> {
  await fetch(`${url}/query`, {
    method: 'POST',
    body: new URLSearchParams({ q: `CREATE DATABASE "${database}"` }),
  })
  const now = Date.now()
  for (let start = 0; start < count; start += linesPerRequest) {
    const lines: string[] = []
    for (let i = start; i < Math.min(count, start + linesPerRequest); i++) {
      const at = now - (count - i) * 20
      lines.push(`passage,building=b${i % 20},device=door-${i % devices},direction=${i % 3 === 0 ? 'out' : 'in'},journal=j,method=card,point=p${i % devices},result=granted,site=bench,zone=Asia/Shanghai n=1i,seq=${i}i,receivedMs=${at + 40}i ${at}${String(i % 1_000_000).padStart(6, '0')}`) // biome-ignore format: a line
    }
    const answer = await fetch(`${url}/write?db=${database}`, { method: 'POST', body: lines.join('\n') })
    if (answer.status !== 204) throw new Error(`the bare writer was answered ${answer.status}`)
  }
}
