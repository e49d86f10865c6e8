import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Operations } from '../api/operations/operations.ts'
import { dataPaths, readIfThere } from '../core/data-directory.ts'
import type { NewDevice } from '../devices/registry/device.ts'
import { renderCsv } from './output.ts'

export type DeviceWithToken = NewDevice & { token: string }

/**
 * Enrols the devices and finds their tokens. Those of earlier runs are kept beside the data, mode 0600, because the
 * registry has only hashes; a device whose token is lost gets a new one.
 */
export async function enrolSimulated(
  operations: Operations,
  data: string,
  devices: readonly NewDevice[],
): Promise<DeviceWithToken[]> {
  const path = join(dataPaths(data).root, 'simulated.tokens.json')
  const tokens: Record<string, string> = JSON.parse(readIfThere(path) ?? '{}')
  const columns = ['device', 'kind', 'site', 'building', 'point', 'zone'] as const
  const csv = renderCsv(
    columns,
    devices.map(device => columns.map(column => device[column])),
  )
  const report = await operations.importDevices(csv)
  for (const { device, token } of report.tokens) tokens[device] = token
  for (const { device } of devices) tokens[device] ??= await operations.rotateToken(device)
  writeFileSync(path, JSON.stringify(tokens), { mode: 0o600 })
  return devices.map(device => ({ ...device, token: tokens[device.device]! }))
}
