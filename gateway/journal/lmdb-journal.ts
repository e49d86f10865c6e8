import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { type Clock, secondMs } from '../../core/clock.ts'
import { tellDamage } from '../../core/damage.ts'
import { type ErrorCode, LintelError } from '../../core/errors.ts'
import { entryUrl } from '../../core/installation.ts'
import { type DeviceId, type Place, plainPlace } from '../../core/words.ts'
import { maxParkedBytes, operation } from './frame.ts'
import { GroupCommit } from './group-commit.ts'
import type { Item, Journal, JournalStats, Lane, Note, Outcome, Parked } from './journal.ts'
import type { Answer, Request } from './lmdb-thread.ts'
import type { WriterOptions, WriterStats } from './lmdb-writer.ts'
import { Notes } from './notes.ts'
import { Numbers } from './numbers.ts'
import { type SpaceLimits, watchSpace } from './space.ts'

export interface LmdbJournalOptions extends Omit<WriterOptions, 'registered'>, SpaceLimits {
  clock: Clock
  /** The places of the registry, for a journal of an older format. */
  registered?: readonly Place[]
  /** Most bytes of frames that wait for a commit; beyond it appends are refused. */
  maxPendingBytes?: number
  /** For tests: the free room of the disk. */
  freeBytes?: () => Promise<number>
  /** Called for a failure that no caller waits for, such as the disk running low. */
  onFault?: (error: unknown) => void
}

const trimBlocks = 2000
const noBytes = Buffer.alloc(0)

/** The journal on LMDB, written by a thread of its own, so that no commit holds up the broker. */
export async function openLmdbJournal(options: LmdbJournalOptions): Promise<Journal> {
  const { directory, clock, maxPendingBytes = 32 * 1024 * 1024, onFault = () => {} } = options
  const { maxRememberedIds, maxParked, registered = [] } = options
  const worker = new Worker(entryUrl('gateway/journal/lmdb-thread'), {
    workerData: { directory, maxRememberedIds, maxParked, registered } satisfies WriterOptions,
  })
  let closed = false
  const asked: { resolve: (answer: Answer) => void; reject: (error: unknown) => void }[] = []
  const [opened] = (await once(worker, 'message')) as [Answer]
  if (opened.kind !== 'opened') {
    await worker.terminate()
    throw errorOf(opened)
  }
  worker.on('message', (answer: Answer) => {
    const waiting = asked.shift()
    if (answer.kind === 'failed') waiting?.reject(errorOf(answer))
    else waiting?.resolve(answer)
  })
  worker.on('error', error => {
    closed = true
    const fault = new LintelError('JOURNAL_CLOSED', `the journal's thread has ended: ${error.message}`, {
      cause: error,
    })
    for (const { reject } of asked.splice(0)) reject(fault)
    onFault(fault)
  })

  let stats: WriterStats = opened.stats
  let refusing: ErrorCode | undefined
  const devices = new Numbers<DeviceId>(opened.numbered.devices, device => device)
  const places = new Numbers<Place>(opened.numbered.places, place => JSON.stringify(plainPlace(place)))
  const notes = new Notes()
  const space = watchSpace(directory, options, options.freeBytes)

  function ask<K extends Answer['kind']>(request: Request, moved: ArrayBuffer[] = []) {
    return new Promise<Extract<Answer, { kind: K }>>((resolve, reject) => {
      asked.push({ resolve: resolve as (answer: Answer) => void, reject })
      worker.postMessage(request, moved)
    })
  }

  const group = new GroupCommit(async (batch, waiting) => {
    const noted = notes.writeTo(batch)
    const added = {
      devices: devices.added(),
      places: places.added().map(([place, number]) => [plainPlace(place), number] as const),
    }
    const frames = batch.take()
    try {
      const answer = await ask<'committed'>(
        { kind: 'commit', frames, length: batch.length, count: waiting, added, now: clock() },
        [frames],
      )
      devices.keep(added.devices)
      places.keep(added.places)
      stats = answer.stats
      if (stats.bytes >= options.maxBytes) look()
      return { outcomes: answer.outcomes, memory: answer.frames }
    } catch (error) {
      noted.giveBack()
      // Refuses appends until it is known whether there is room: the room that the ballast frees is for trimming.
      refusing = 'JOURNAL_COMMIT_FAILED'
      onFault(error)
      look()
      throw error
    }
  }, maxPendingBytes)

  const note = (device: DeviceId, lane: Lane, counts: Note) => notes.add(devices.of(device), lane, counts)

  function append(device: DeviceId, items: readonly Item[], lane: Lane = 'event'): Promise<Outcome[]> {
    const refusal = closed
      ? 'JOURNAL_CLOSED'
      : (refusing ?? (group.isFull ? 'PUBLISH_OVERLOADED' : undefined))
    if (refusal !== undefined) {
      note(device, lane, { refused: items.length })
      return Promise.reject(new LintelError(refusal, refusals[refusal] ?? refusal))
    }
    const number = devices.of(device)
    const { batch } = group
    for (const item of items) {
      if ('parked' in item) {
        batch.write(operation.park, number, lane, '', parkedBytes(item.parked))
      } else {
        if (item.unpark !== undefined)
          batch.write(operation.unpark, number, lane, String(item.unpark), noBytes)
        batch.append(number, lane, item, places.of(item.record.place))
      }
    }
    return new Promise((resolve, reject) => {
      group.wait({
        since: performance.now(),
        count: items.length,
        settle: resolve as (answers: string[]) => void,
        fail(error) {
          note(device, lane, { refused: items.length })
          reject(error)
        },
      })
    })
  }

  let looking = false
  async function look(): Promise<void> {
    if (looking) return
    looking = true
    try {
      const next = await space.look(stats)
      if (next !== undefined && next !== refusing) onFault(new LintelError(next, refusals[next] ?? next))
      refusing = next
    } catch (error) {
      onFault(error)
    } finally {
      looking = false
    }
  }

  const timer = setInterval(() => {
    look()
    if (!notes.isEmpty) group.push()
    ask<'forgotten'>({ kind: 'forget', now: clock() }).then(answer => {
      stats = answer.stats
    }, onFault)
  }, secondMs)
  await look()

  return {
    append,
    note,
    async dropParked(key) {
      group.batch.write(operation.dropParked, 0, 'event', String(key), noBytes)
      return new Promise((resolve, reject) => {
        group.wait({
          count: 1,
          since: performance.now(),
          settle: ([answer]) => resolve(answer === 'dropped'),
          fail: reject,
        })
      })
    },
    async trim(seq, before) {
      let freed = 0
      for (;;) {
        const answer = await ask<'trimmed'>({ kind: 'trim', seq, before, maxBlocks: trimBlocks })
        stats = answer.stats
        freed += answer.freed
        if (!answer.more) break
      }
      if (freed > 0 && refusing !== undefined) look()
      return freed
    },
    stats: (): JournalStats => ({
      ...stats,
      pendingBytes: group.pendingBytes,
      commits: group.commits,
      appends: group.appends,
      refusing,
    }),
    async stop() {
      if (closed) return
      closed = true
      clearInterval(timer)
      if (!notes.isEmpty) group.push()
      await group.flushed()
      await ask<'closed'>({ kind: 'close' })
      await worker.terminate()
    },
  }
}

const refusals: Partial<Record<ErrorCode, string>> = {
  JOURNAL_CLOSED: 'the journal is closing',
  JOURNAL_FULL: 'the journal holds as many bytes as it may; its consumers have to catch up',
  JOURNAL_DISK_LOW: 'the disk of the journal is nearly full',
  JOURNAL_COMMIT_FAILED: 'the last commit failed; how much room there is is being looked at',
  PUBLISH_OVERLOADED: 'more is coming in than the disk takes',
}

/** Bounds the size of parked items: leaves out a payload that is too long. */
function parkedBytes(parked: Parked): Buffer {
  const whole = Buffer.from(JSON.stringify(parked))
  if (whole.length <= maxParkedBytes) return whole
  const { payload: _, ...rest } = parked
  return Buffer.from(JSON.stringify(rest))
}

function errorOf(answer: Answer): LintelError {
  const { code, message } = answer as Extract<Answer, { kind: 'failed' }>
  const error = new LintelError((code as ErrorCode | undefined) ?? 'JOURNAL_COMMIT_FAILED', message)
  if (code === 'JOURNAL_CORRUPT') tellDamage(error)
  return error
}
