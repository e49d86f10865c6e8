import type { Place } from '../../core/words.ts'
import type { Registry } from '../../devices/registry/registry.ts'
import type { PictureKey, SnapshotReader } from './snapshots.ts'

/** Finds redacted pictures of a place whose event happened in [from, to), the newest first of each device. */
export function picturesAt(registry: Pick<Registry, 'list'>, snapshots: Pick<SnapshotReader, 'list'>) {
  return (
    { site, building, point, device: only }: Partial<Place>,
    from: number,
    to: number,
    limit: number,
  ): PictureKey[] => {
    const standing = registry.list().filter(
      device =>
        device.site === site && device.building === building && device.point === point && (only ?? device.device) === device.device,
    ) // biome-ignore format: a condition
    return standing.flatMap(({ device }) => snapshots.list({ device, from, to, limit })).slice(0, limit)
  }
}
