import { readFileSync } from 'node:fs'
import { systemClock } from '../../core/clock.ts'
import { dataPaths, endpointPath, stateDirectories } from '../../core/data-directory.ts'
import { LintelError } from '../../core/errors.ts'
import { codeOfFileFault, fileFault } from '../../core/files.ts'
import { createGuard } from '../../core/guard.ts'
import { GuardedFiles, lmdbFiles } from '../../core/guarded-files.ts'
import { type Part, startAll } from '../../core/lifecycle.ts'
import { awaitLock } from '../../core/lock.ts'
import { createMetricsServer } from '../../core/metrics-server.ts'
import { beginService } from '../../core/service-process.ts'
import { openLmdbState } from '../../core/state/lmdb-state.ts'
import { openClockFile } from '../../core/trusted-time/clock-file.ts'
import { systemRunningTime } from '../../core/trusted-time/running-time.ts'
import { awaitTimeReader } from '../../core/trusted-time/time-reader.ts'
import { createRegistry } from '../../devices/registry/registry.ts'
import { openLmdbJournalReader } from '../journal/lmdb-reader.ts'
import { openFileSnapshotReader } from '../snapshots/file-snapshots.ts'
import { createBook } from './book.ts'
import { createFaithfulUplink } from './faithful-uplink.ts'
import { createUplinkMetrics } from './metrics.ts'
import type { UplinkSettings } from './settings.ts'

const lockWaitMs = 20_000

/** The process that reports to a centre: journal and pictures at rest ─▶ messages ─▶ centre ─▶ cursor. */
async function start({ data, config }: UplinkSettings) {
  const { url, account, tokenFile, caFile, snapshots: sendsPictures, maxBytesPerS } = config.uplink!
  const paths = dataPaths(data)
  const directories = stateDirectories(paths)
  const token = read('uplink.tokenFile', tokenFile).toString().trim()
  const tls = caFile === undefined ? {} : { ca: read('uplink.caFile', caFile) }
  const time = await awaitTimeReader(
    { system: systemClock, running: systemRunningTime(), file: openClockFile(paths.clock) },
    lockWaitMs,
  )
  const lock = await awaitLock(paths, 'uplink', lockWaitMs)
  const files = new GuardedFiles([paths.root, paths.run, paths.snapshots])
  files.watch(...[paths.journal, ...Object.values(directories)].flatMap(lmdbFiles))

  const journal = openLmdbJournalReader(paths.journal)
  const own = openLmdbState({ directory: directories.uplink })
  const state = openLmdbState({ directory: directories.state, readOnly: true })
  const index = openLmdbState({ directory: directories.snapshots, readOnly: true })
  const uplink = createFaithfulUplink(
    { url, account, token, tls, ...(maxBytesPerS === undefined ? {} : { maxBytesPerS }) },
    {
      journal,
      snapshots: sendsPictures
        ? openFileSnapshotReader({ directory: paths.snapshots, state: index })
        : undefined,
      registry: createRegistry(state),
      book: createBook(own, journal),
      clock: time.clock,
      random: Math.random,
      onState(state) {
        log[state.state === 'online' ? 'info' : 'warn'](state, 'centre')
        if (state.state === 'refused') onFault(refusedAs(account, tokenFile, state.returnCode))
      },
      onFault,
    },
  )
  const metrics = createMetricsServer({
    name: 'uplink',
    paths,
    metrics: createUplinkMetrics(uplink.stats).text,
    onError: onFault,
  })

  const holdings: Part = {
    name: 'uplink state',
    async stop() {
      await journal.close()
      for (const held of [own, state, index]) await held.close()
      lock.release()
    },
  }
  const running = await startAll([holdings, metrics, uplink, createGuard(files, onFault)])
  files.watch(endpointPath(paths, 'uplink'))
  return { running, ready: { centre: url, account } }
}

/** The centre gives a client only a number; its operator sees the reason. */
function refusedAs(account: string, tokenFile: string, returnCode: number): LintelError {
  const what = `the centre does not let ${account} in (MQTT return code ${returnCode}): is the token in ${tokenFile} right?`
  return new LintelError('UPLINK_REFUSED', `${what} There, lintel device show ${account} has the reason`)
}

function read(key: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new LintelError(codeOfFileFault(error), `${key} cannot be read: ${path}: ${fileFault(error)}`)
  }
}

const { settings, log, onFault, run } = await beginService<UplinkSettings>('uplink')
await run(() => start(settings))
