import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** An influxd 1.x of its own, on a directory of its own; it can be killed and started again on it. */
export interface Influxd {
  readonly url: string
  start(): Promise<void>
  kill(): Promise<void>
  /** As its operator stops it: SIGTERM. */
  end(): Promise<void>
  /** Takes away all that it has; it must not run. */
  empty(): Promise<void>
  /** Posts a statement as its administrator; the answer's JSON. */
  ask(statement: string, database?: string): Promise<Record<string, unknown>>
  /** Posts lines; the status of the answer. */
  write(database: string, lines: string): Promise<number>
  stop(): Promise<void>
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** With `http`, lines for its [http] section: limits, or who may get in. */
export async function openInfluxd(http: readonly string[] = []): Promise<Influxd> {
  const directory = await mkdtemp(join(tmpdir(), 'lintel-influxd-'))
  const [port, rpcPort] = [await freePort(), await freePort()]
  const path = join(directory, 'influxdb.conf')
  const url = `http://127.0.0.1:${port}`
  const data = join(directory, 'data')
  const configuration = [
    'reporting-disabled = true',
    `bind-address = "127.0.0.1:${rpcPort}"`,
    '[meta]',
    `dir = "${join(data, 'meta')}"`,
    '[data]',
    `dir = "${join(data, 'data')}"`,
    `wal-dir = "${join(data, 'wal')}"`,
    'index-version = "tsi1"',
    'query-log-enabled = false',
    '[monitor]',
    'store-enabled = false',
    '[http]',
    `bind-address = "127.0.0.1:${port}"`,
    'log-enabled = false',
    ...http,
    '[logging]',
    'level = "error"',
    'suppress-logo = true',
  ]
  await writeFile(path, `${configuration.join('\n')}\n`)
  let child: ChildProcess | undefined

  const stopBy = (signal: 'SIGKILL' | 'SIGTERM') => async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
  const kill = stopBy('SIGKILL')

  const influxd: Influxd = {
    url,
    async start() {
      child = spawn('influxd', ['-config', path], { stdio: 'ignore' })
      await answers(`${url}/ping`)
    },
    kill,
    end: stopBy('SIGTERM'),
    empty: () => rm(data, { recursive: true, force: true }),
    async ask(statement, database = '') {
      const body = new URLSearchParams({ q: statement, db: database, epoch: 'ns' })
      return (await fetch(`${url}/query`, { method: 'POST', body })).json() as never
    },
    async write(database, lines) {
      const answer = await fetch(`${url}/write?db=${encodeURIComponent(database)}`, {
        method: 'POST',
        body: lines,
      })
      return answer.status
    },
    async stop() {
      await kill()
      await rm(directory, { recursive: true, force: true, maxRetries: 5 })
    },
  }
  try {
    await influxd.start()
  } catch (error) {
    await influxd.stop()
    throw error
  }
  return influxd
}

async function answers(ping: string): Promise<void> {
  for (const until = Date.now() + 20_000; ; ) {
    const status = await fetch(ping).then(
      answer => answer.status,
      () => 0,
    )
    if (status === 204) return
    if (Date.now() > until) throw new Error('influxd does not answer')
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
