import type { ObjectKind } from '../../core/words.ts'
import type { DataOf } from '../../devices/contract/kinds.ts'

type Sighting = DataOf<'sighting'>

/** How many of a kind are in the picture. If there are boxes, only those with at least this score count. */
export function countSure(sighting: Sighting, kind: ObjectKind, score: number): number {
  const told = sighting[kind] ?? 0
  if (told === 0 || sighting.boxes === undefined) return told
  return sighting.boxes.filter(box => box.kind === kind && box.score >= score).length
}
