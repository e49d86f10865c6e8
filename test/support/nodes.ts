import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { FloodDevice } from '../../bench/ingest/flood.ts'
import { type Service, startService } from '../../bench/service.ts'
import { openTcpProxy } from './tcp-proxy.ts'
import { temporaryDirectory } from './temporary.ts'

/** A Lintel in processes of its own, as a user starts it, that can be killed and started again. */
export interface LintelNode {
  service: Service
  readonly data: string
  kill(): Promise<void>
  restart(): Promise<void>
}

export async function startNode(command: 'up' | 'gateway', config: object): Promise<LintelNode> {
  const data = await temporaryDirectory()
  const file = join(await temporaryDirectory(), 'lintel.json')
  writeFileSync(file, JSON.stringify(config))
  const start = () => startService(data, 0, ['--config', file], command)
  const node: LintelNode = {
    data,
    service: await start(),
    kill: () => node.service.kill(),
    async restart() {
      node.service = await start()
    },
  }
  onTestFinished(() => node.service.stop())
  return node
}

/** Nobody looks at pictures. */
const tagger = { workers: 0 }

/** A centre, and an edge node that reports to it through a network that can be cut. */
export async function startEdgeAndCentre(doors: number, uplink: object = {}, config: object = { tagger }) {
  const centre = await startNode('up', config)
  const account = { device: 'edge-1', kind: 'gateway', site: 'nanshe', building: 'office', point: 'rack' }
  const { token } = (await centre.service.operations.addDevice(account)) as { token: string }
  const tokenFile = join(await temporaryDirectory(), 'token')
  writeFileSync(tokenFile, `${token}\n`)
  const network = await openTcpProxy(() => centre.service.mqtt.port)
  const url = `mqtt://127.0.0.1:${network.port}`
  const edge = await startNode('gateway', {
    ...config,
    uplink: { url, account: 'edge-1', tokenFile, ...uplink },
  })
  const rows = Array.from({ length: doors }, (_, i) => `door-${i},terminal,nanshe,b01,p${i}`)
  const csv = `device,kind,site,building,point\n${rows.join('\n')}`
  const { tokens } = await edge.service.operations.importDevices(csv)
  return { centre, edge, network, devices: [...tokens] as FloodDevice[] }
}
