import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type FloodDevice, flood } from '../../bench/ingest/flood.ts'
import type { Service } from '../../bench/service.ts'
import { checkFile } from '../../core/lmdb-file/check.ts'
import { openPageFile, pageBytes } from '../../core/lmdb-file/pages.ts'
import { lintel } from '../support/command.ts'
import { zeroPage } from '../support/damage.ts'
import { eventually } from '../support/eventually.ts'
import { startNode } from '../support/nodes.ts'

const deviceCount = 10
const count = 3000

test('a service whose journal and registry have a zeroed page starts, tells it, and stores each event once', {
  timeout: 180_000,
}, async () => {
  const node = await startNode('up', { tagger: { workers: 0 } })
  const rows = Array.from({ length: deviceCount }, (_, i) => `door-${i},terminal,nanshe,b01,p${i}`)
  const csv = `device,kind,site,building,point\n${rows.join('\n')}`
  const devices = [...(await node.service.operations.importDevices(csv)).tokens]
  const began = Date.now()
  const first = await publish(node.service, devices, began)
  expect(first.acked).toBe(count)
  await settled(node.service)
  await node.service.stop()

  for (const [directory, table] of [
    ['journal', 'seen'],
    ['state', 'cursor'],
  ] as const) {
    const path = join(node.data, directory, 'data.mdb')
    zeroPage(path, pageOf(path, table))
  }
  const told = await lintel('doctor', '--deep', '--json', '--data', node.data)
  expect(told.stdout).toContain('is damaged')
  expect(told.code).toBe(1)

  await node.restart()
  // The same ids once more, and as many that are new.
  const again = await publish(node.service, devices, began)
  expect(again.acked).toBe(count)
  const more = await publish(node.service, devices, began + count)
  expect(more.acked).toBe(count)
  const ledger = await settled(node.service)
  expect(ledger.total.stored).toBe(2 * count)
  expect(ledger.total.duplicate).toBe(count)
  const doctor = await lintel('doctor', '--json', '--data', node.data)
  for (const directory of ['journal', 'state']) {
    const [setAside, ...others] = readdirSync(join(node.data, directory)).filter(name =>
      name.startsWith('damaged-'),
    )
    expect(others).toEqual([])
    expect(doctor.stdout).toContain(join(directory, setAside!, 'report.json'))
  }
})

/** Ids and times follow from `from`, so that the same events can be sent again. */
function publish({ mqtt }: Service, devices: readonly FloodDevice[], from: number) {
  return flood({
    ...mqtt,
    devices: [...devices],
    window: 16,
    count,
    payload: (device, n) => {
      const time = new Date(from + n).toISOString()
      const data = { direction: 'in', result: 'granted', method: 'card' }
      return Buffer.from(JSON.stringify({ id: `b-${device}-${from + n}`, type: 'passage', time, data }))
    },
  })
}

const settled = ({ operations }: Service) =>
  eventually(async () => {
    const ledger = await operations.ledger()
    expect(ledger.total.queued).toBe(0)
    return ledger
  })

/** A page with rows of the table. */
function pageOf(path: string, table: string): number {
  const file = openPageFile(path)
  const pages: number[] = []
  checkFile(file, (name, _key, _value, offset) => {
    if (name === table) pages.push(Math.floor(offset / pageBytes))
  })
  file.close()
  return pages[0]!
}
