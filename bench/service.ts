import { type ChildProcess, type ForkOptions, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { Operations } from '../api/operations/operations.ts'
import { createRemoteOperations } from '../api/operations/remote-operations.ts'
import { dataPaths, findEndpoint } from '../core/data-directory.ts'

/** A Lintel started as a user starts it, in a process group of its own so that it can be killed whole. */
export interface Service {
  readonly pid: number
  readonly mqtt: { readonly host: string; readonly port: number }
  readonly operations: Operations
  /** From the start of the command to the first connection taken. */
  readonly startMs: number
  /** The end of its log. */
  log(): string
  /** SIGKILL to every process at once. */
  kill(): Promise<void>
  stop(): Promise<void>
}

const main = new URL('../cli/main.ts', import.meta.url).pathname

export async function startService(
  data: string,
  mqttPort = 0,
  options: readonly string[] = [],
  command: 'up' | 'gateway' = 'up',
): Promise<Service> {
  const started = performance.now()
  const args = [
    main,
    command,
    '--json',
    '--data',
    data,
    '--mqtt',
    `127.0.0.1:${mqttPort}`,
    '--http',
    '127.0.0.1:0',
    ...options,
  ]
  const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const log: string[] = []
  child.stderr.on('data', chunk => {
    log.push(String(chunk))
    if (log.length > 5000) log.shift()
  })
  const ended = once(child, 'exit')
  const up = await firstLine(child)
  if (up === '') throw new Error(`the service did not start:\n${log.join('')}`)
  const { mqtt } = JSON.parse(up) as { mqtt: { tcp: { host: string; port: number } } }
  await accepts(mqtt.tcp)
  return {
    pid: child.pid!,
    mqtt: mqtt.tcp,
    operations: createRemoteOperations(findEndpoint(dataPaths(data), 'api')!),
    startMs: performance.now() - started,
    log: () => log.join(''),
    async kill() {
      process.kill(-child.pid!, 'SIGKILL')
      await ended
    },
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** Empty if it ended without one. */
async function firstLine(child: ChildProcess): Promise<string> {
  let text = ''
  for await (const chunk of child.stdout!) {
    text += chunk
    if (text.includes('\n')) break
  }
  return text.split('\n')[0]!
}

async function accepts({ host, port }: { host: string; port: number }): Promise<void> {
  const socket = connect(port, host)
  await once(socket, 'connect')
  socket.destroy()
}

/** Runs a program that answers with one message. */
export async function runOnce<T>(
  entry: URL,
  task: unknown,
  start: (entry: URL, args: readonly string[], options: ForkOptions) => ChildProcess = fork,
): Promise<T> {
  const child = start(entry, [JSON.stringify(task)], {})
  const [answer] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`${entry.pathname} ended with ${code}`))),
  ])) as [T]
  child.disconnect?.()
  return answer
}

/**
 * Memory of a process and all below it: proportional set size, so that what they share counts once.
 * NaN where /proc does not say.
 */
export function memoryOfTree(pid: number): number {
  try {
    const parents = new Map<number, number>()
    for (const name of readdirSync('/proc').filter(entry => /^\d+$/.test(entry))) {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    }
    const isBelow = (process: number | undefined): boolean =>
      process === pid || (process !== undefined && process > 1 && isBelow(parents.get(process)))
    let kB = 0
    for (const process of parents.keys()) {
      if (isBelow(process))
        kB += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${process}/smaps_rollup`, 'utf8'))?.[1])
    }
    return kB / 1024
  } catch {
    return Number.NaN
  }
}
