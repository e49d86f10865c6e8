import { setTimeout as sleep } from 'node:timers/promises'
import type { Endpoint } from '../../core/data-directory.ts'
import { round } from '../machine.ts'
import { memoryOfTree } from '../service.ts'

const lookEveryMs = 100

/** A Parquet file of all passages from `from` to `to`, read and thrown away; how the service's memory grew meanwhile. */
export async function measureExport({ url, token, pid }: Endpoint, from: string, to: string) {
  const search = new URLSearchParams({ kind: 'passage', format: 'parquet', zone: 'Asia/Shanghai', from, to })
  const before = memoryOfTree(pid)
  let peak = before
  let isOver = false
  const watching = (async () => {
    while (!isOver) {
      const now = memoryOfTree(pid)
      // A process that ends meanwhile makes it unknown.
      if (now > peak) peak = now
      await sleep(lookEveryMs)
    }
  })()
  const started = performance.now()
  const response = await fetch(`${url}/api/v1/export?${search}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  if (!response.ok) throw new Error(await response.text())
  let bytes = 0
  for await (const chunk of response.body!) bytes += chunk.length
  const seconds = (performance.now() - started) / 1000
  isOver = true
  await watching
  return { exportS: round(seconds, 1), exportMB: round(bytes / 1e6), exportGrowthMB: round(peak - before) }
}
