import { setTimeout as sleep } from 'node:timers/promises'
import type { Report, Task } from '../../gateway/tagger/messages.ts'

/** A worker that does as the picture says, in the place of the one that looks. */
const tell = (report: Report) => process.send!(report)
const look = {
  model: 'fake',
  picture: { width: 4, height: 2 },
  detections: [],
  toCover: [],
  camera: { faults: [], scene: new Uint16Array(4) },
  timings: { decodeMs: 1, inferenceMs: 2, totalMs: 3 },
}

process.on('message', async ({ id, kind, picture }: Task) => {
  const wish = Buffer.from(picture).toString()
  const rssBytes = wish === 'grow' ? 1e12 : 1000
  if (wish === 'die') process.kill(process.pid, 'SIGKILL')
  if (wish === 'hang') for (;;);
  if (wish === 'slow') await sleep(100)
  if (wish === 'never') return
  if (wish === 'unreadable') tell({ kind: 'fault', id, code: 'PICTURE_UNREADABLE', message: 'no', rssBytes })
  else if (kind === 'look') tell({ kind: 'seen', id, look, rssBytes })
  else tell({ kind: 'redacted', id, jpeg: Buffer.from(`redacted ${wish}`), rssBytes })
})
process.on('disconnect', () => process.exit())
if (process.argv[2] === JSON.stringify({ threads: 99, maxEdgePx: 1 }))
  tell({ kind: 'unfit', code: 'MODEL_HASH_WRONG', message: 'no' })
else tell({ kind: 'ready' })
