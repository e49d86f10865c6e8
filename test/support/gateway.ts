import { onTestFinished } from 'vitest'
import { type Clock, systemClock } from '../../core/clock.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import { createRegistry, type Registry } from '../../devices/registry/registry.ts'
import { createAdmit } from '../../gateway/admit/admit.ts'
import type { Enroller } from '../../gateway/admit/enroller.ts'
import type { Command } from '../../gateway/admit/feedback.ts'
import { createRegistryEnroller } from '../../gateway/admit/registry-enroller.ts'
import { openWaitingRoom, type WaitingRoom } from '../../gateway/admit/waiting-room.ts'
import { type Broker, type BrokerOptions, createBroker, type Refusal } from '../../gateway/broker/broker.ts'
import type { Connection } from '../../gateway/broker/connection.ts'
import type { Journal, JournalReader, Lane } from '../../gateway/journal/journal.ts'
import { createMemoryJournal } from '../../gateway/journal/memory-journal.ts'
import type { Tally } from '../../gateway/journal/tally.ts'
import { temporaryDirectory } from './temporary.ts'

export interface GatewayOptions {
  /** Enrolled before the start. */
  devices?: readonly (string | ReturnType<typeof row>)[]
  broker?: Partial<BrokerOptions>
  clock?: Clock
  journal?: Journal
  reader?: JournalReader
  maxWaitingBytes?: number
  enroller?: Enroller
  /** Of a gateway that is started anew with what it had. */
  registry?: Registry
  /** What it says of its journal to those that report to it. */
  greeting?: () => Command
  cpuMs?: () => number
}

export interface Gateway {
  readonly broker: Broker
  readonly registry: Registry
  readonly waitingRoom: WaitingRoom
  readonly reader: JournalReader
  readonly refusals: Refusal[]
  readonly connections: Connection[]
  readonly port: number
  tokenOf(device: string): string
  /** What is stored of a device, as [id, data] or its kind where the id was ours. */
  stored(device?: string): { id: string; kind: string; data: unknown }[]
  tally(device: string, lane?: Lane): Tally | undefined
  codes(): (string | undefined)[]
}

export const row = (device: string, change: object = {}) => ({
  device, kind: 'terminal', site: 's', building: 'b', point: device, zone: 'Asia/Shanghai', ...change,
}) // biome-ignore format: one row

const roomy: BrokerOptions = {
  maxConnections: 1000,
  maxUnidentified: 100,
  maxPacketBytes: 1024 * 1024 + 4096,
  maxPerDevice: 64,
  maxBytes: 64 * 1024 * 1024,
}

/** The door with everything behind it, in this process, on a free port; gone when the test is. */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const clock = options.clock ?? systemClock
  const memory = createMemoryJournal(clock)
  const journal = options.journal ?? memory
  const reader = options.reader ?? (options.journal as JournalReader | undefined) ?? memory
  const registry = options.registry ?? createRegistry(createMemoryState())
  const tokens = new Map<string, string>()
  for (const answer of await registry.enrol(
    (options.devices ?? ['d1', 'd2']).map(device => (typeof device === 'string' ? row(device) : device)),
    clock(),
  )) {
    if (answer.outcome === 'enrolled') tokens.set(answer.device, answer.token)
  }
  const waitingRoom = await openWaitingRoom({
    directory: await temporaryDirectory(),
    clock,
    maxBytes: options.maxWaitingBytes ?? 1e8,
    maxAgeMs: 3_600_000,
  })
  const refusals: Refusal[] = []
  const connections: Connection[] = []
  const broker = createBroker(
    { tcp: { host: '127.0.0.1', port: 0 }, ...roomy, ...options.broker },
    {
      admit: createAdmit({ maxSnapshotBytes: 1024 * 1024, journal, waitingRoom, clock, runId: 'run' }),
      registry,
      enroller: options.enroller ?? createRegistryEnroller(registry, clock),
      clock,
      ...(options.cpuMs === undefined ? {} : { cpuMs: options.cpuMs }),
      onRefusal: refusal => refusals.push(refusal),
      onConnection: connection => connections.push(connection),
      ...(options.greeting === undefined ? {} : { gatewayGreeting: options.greeting }),
    },
  )
  await broker.start?.()
  onTestFinished(() => broker.stop())
  return {
    broker,
    registry,
    waitingRoom,
    reader,
    refusals,
    connections,
    port: broker.addresses.tcp?.port ?? 0,
    tokenOf: device => tokens.get(device)!,
    stored: device =>
      reader
        .read(0, 100_000)
        .entries.filter(entry => device === undefined || entry.device === device)
        .map(({ id, record }) => ({ id, kind: record.kind, data: record.data })),
    tally: (device, lane = 'event') => reader.audit(0).tallies.get(device)?.[lane],
    codes: () => refusals.map(({ code }) => code),
  }
}
