import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { secondMs } from '../core/clock.ts'
import { type DataPaths, stateDirectories } from '../core/data-directory.ts'
import { type ErrorCode, LintelError } from '../core/errors.ts'
import { dataFile } from '../core/lmdb-file/set-aside.ts'
import { awaitLock, type Lock } from '../core/lock.ts'
import { openLmdbState } from '../core/state/lmdb-state.ts'
import { mendState } from '../core/state/mend-state.ts'
import type { Seq } from '../core/words.ts'
import { createRegistry } from '../devices/registry/registry.ts'
import { openDatabases } from '../gateway/journal/lmdb-layout.ts'
import { mendJournal } from '../gateway/journal/mend.ts'
import type { Remembrance } from '../gateway/journal/rebuild.ts'

/** Receives findings, as a fault log does. */
type Tell = (error: unknown, facts?: object) => void

const lockWaitMs = 20 * secondMs

/** Runs `mendDataFiles` once no process of a stopping service has the files open any more. */
export async function mendUnderLock(paths: DataPaths, tell: Tell, now: number): Promise<void> {
  const locks: Lock[] = []
  try {
    for (const name of ['journal', 'state', 'snapshots', 'uplink'] as const)
      locks.push(await awaitLock(paths, name, lockWaitMs))
    await mendDataFiles(paths, tell, now)
  } finally {
    for (const lock of locks) lock.release()
  }
}

/**
 * Reads all LMDB files before LMDB does, because a damaged page would end the process, and rebuilds damaged ones. No
 * process may have them open. Findings are passed to `tell`; if a file cannot be rebuilt, throws JOURNAL_CORRUPT or
 * STATE_CORRUPT.
 */
export async function mendDataFiles(paths: DataPaths, tell: Tell, now: number): Promise<void> {
  const say = (code: ErrorCode, text: string, facts: object) => tell(new LintelError(code, text), facts)
  for (const directory of Object.values(stateDirectories(paths))) {
    const found = await mendState(directory, now)
    if (found === undefined) continue
    const { mended, setAside } = found
    const rows = Object.values(mended.saved).reduce((sum, n) => sum + n, 0)
    const doubtful = mended.incomplete.join(', ') || 'none'
    const text = `${directory} was damaged and has been rebuilt: ${rows} rows are saved; rows may be missing or older than they were in: ${doubtful}`
    say('STATE_CORRUPT', text, { setAside, ...mended })
  }
  const health = await mendJournal(paths.journal, await remembranceOf(paths), now)
  if (health.kind === 'sound') return
  if (health.kind === 'blocks') {
    const { damagedBlocks } = health
    const text = `${damagedBlocks} blocks of the journal hold other bytes than were written: their records are lost and are counted by whoever reads them`
    return say('JOURNAL_CORRUPT', text, { damagedBlocks })
  }
  const { mended, setAside } = health
  const positions = mended.lost.map(({ first, last }) => (first === last ? first : `${first} to ${last}`))
  const where = positions.length === 0 ? '' : ` (positions ${positions.slice(0, 10).join(', ')})`
  const text = `the journal was damaged and has been rebuilt: ${mended.records} records are held, ${mended.lostRecords} lost${where}, ${mended.lostIds} ids forgotten, ${mended.recounted} counts made up from records, ${mended.nameless} devices or places without their name`
  say('JOURNAL_CORRUPT', text, { setAside, ...mended })
}

/** If the registry is empty but the journal has events of devices, the registry was lost. This is reported at each start. */
export async function tellLostRegistry(paths: DataPaths, tell: Tell): Promise<void> {
  const state = openLmdbState({ directory: paths.state, readOnly: true })
  const registered = createRegistry(state).list().length
  await state.close()
  if (registered > 0) return
  const { root, device } = openDatabases(paths.journal, true)
  const known = [...device.getKeys()].length
  await root.close()
  if (known === 0) return
  const text = `the registry is empty, but the journal has events of ${known} devices: it was lost, and none of them can connect until it is put back or they are enrolled again`
  tell(new LintelError('STATE_CORRUPT', text), { devices: known })
}

/** Reads what consumers have noted about the journal. */
async function remembranceOf(paths: DataPaths): Promise<Remembrance> {
  const directories = stateDirectories(paths)
  const seen = new Map<string, Seq>()
  let registered: Remembrance['registered'] = []
  for (const [name, directory] of Object.entries(directories)) {
    const path = join(directory, dataFile)
    if (!existsSync(path) || statSync(path).size === 0) continue
    // Open read-only: otherwise a missing table would be created, which takes space.
    const state = openLmdbState({ directory, readOnly: true })
    const noted = state.table<{ seq: Seq } | Seq>('cursor').entries()
    for (const [key, value] of noted) {
      const id = key.split('/')[0]!
      seen.set(id, Math.max(seen.get(id) ?? 0, typeof value === 'number' ? value : value.seq))
    }
    if (name === 'state') registered = createRegistry(state).places()
    await state.close()
  }
  return { journals: seen, registered }
}
