import { objectKinds } from '../../core/words.ts'
import type { DataOf } from '../../devices/contract/kinds.ts'
import { cameraFaults } from '../../models/camera.ts'
import { colourOf, markBoxes } from '../../models/mark-boxes.ts'
import { renderTable } from '../output.ts'

type Sighting = DataOf<'sighting'>

/** Kinds that the models recognise badly: docs/models.md. */
const hints: readonly string[] = ['motorcycle', 'suitcase']

/** Text lines: what was seen, how certain that is, and the faults of the camera. */
export function describeSighting(sighting: Sighting): string[] {
  const { outcome, reason, model = '', boxes = [], inferenceMs } = sighting
  if (outcome !== 'seen') return [`not looked at: ${outcome} (${reason})`]
  const seen = objectKinds
    .filter(kind => (sighting[kind] ?? 0) > 0)
    .map(kind => `${sighting[kind]} ${kind}${hints.includes(kind) ? ' (a hint)' : ''}`)
  const faults = cameraFaults.filter(fault => sighting[fault])
  const rows = boxes.map(({ kind, score, left, top, right, bottom }) => {
    return { kind, score, colour: colourOf(kind).name, left, top, right, bottom }
  })
  return [
    `seen by ${model} in ${inferenceMs} ms: ${seen.join(', ') || 'nothing that counts'}`,
    ...(faults.length === 0 ? [] : [`the camera is ${faults.join(', ')}`]),
    ...(rows.length === 0 ? [] : renderTable(rows).split('\n')),
  ]
}

export async function markSighting(jpeg: Buffer, { boxes = [], width, height }: Sighting): Promise<Buffer> {
  if (width === undefined || height === undefined) return jpeg
  const marked = boxes.map(({ kind, ...box }) => ({ kind, box }))
  return markBoxes(jpeg, marked, { width, height })
}
