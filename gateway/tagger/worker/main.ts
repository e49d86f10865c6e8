import { codeOf, messageOf } from '../../../core/errors.ts'
import { createLog } from '../../../core/log.ts'
import { endOnUnexpected } from '../../../core/unexpected.ts'
import { openEye } from '../../../models/eye.ts'
import type { LookTask, Report, Task, WorkerSettings } from '../messages.ts'
import { openVeil } from './veil.ts'

/**
 * The process that handles pictures: native code that decodes what anybody may send, and inference that blocks. It has
 * none of our files and no network; it may be killed at any moment. This thread looks, another one redacts.
 */
const settings = JSON.parse(process.argv[2] ?? 'null') as WorkerSettings
const tell = (report: Report) => process.send!(report)
endOnUnexpected(createLog('tagger worker', 'info'))
// SIGHUP is for the supervisor, but a terminal that closes sends it to all processes.
process.on('SIGHUP', () => {})
// Nobody would get its answers any more. It ends even while it loads its models, which takes seconds.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
if (!process.connected) process.kill(process.pid, 'SIGKILL')

try {
  await work()
} catch (error) {
  tell({ kind: 'unfit', code: codeOf(error), message: messageOf(error) })
}

async function work(): Promise<void> {
  const { manifest, threads } = settings
  const eye = await openEye({ threads, ...(manifest === undefined ? {} : { manifestPath: manifest }) })
  const veil = await openVeil(settings)
  const rssBytes = () => process.memoryUsage.rss()

  async function look({ id, picture, regions = {}, compareTurns = false }: LookTask): Promise<Report> {
    const seen = await eye.look(picture, { regions, compareTurns })
    return { kind: 'seen', id, look: seen, rssBytes: rssBytes() }
  }

  async function answer(task: Task): Promise<void> {
    try {
      if (task.kind === 'look') tell(await look(task))
      else tell({ kind: 'redacted', id: task.id, jpeg: await veil.redact(task), rssBytes: rssBytes() })
    } catch (error) {
      const code = codeOf(error) ?? 'PICTURE_UNREADABLE'
      tell({ kind: 'fault', id: task.id, code, message: messageOf(error), rssBytes: rssBytes() })
    }
  }

  process.on('message', (task: Task) => void answer(task))
  tell({ kind: 'ready' })
}
