import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDetector } from '../../alerts/detect/detector.ts'
import type { Saved } from '../../alerts/detect/observation.ts'
import { parseRules } from '../../alerts/rules/rule-settings.ts'
import { minuteMs, secondMs } from '../../core/clock.ts'
import { openLmdbState } from '../../core/state/lmdb-state.ts'
import type { Place } from '../../core/words.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import { heldHeapBytes, round } from '../machine.ts'

const start = Date.UTC(2026, 10, 21)
const rounds = 24
/** As the watch does. */
const unitsOfSave = 1000

/**
 * So many doors, each of which lets somebody in, opens and closes, again and again: what the rules cost an update, what
 * they keep of a point, and how long saving holds up the loop.
 */
export async function benchPoints(points: number) {
  const directory = await mkdtemp(join(tmpdir(), 'lintel-bench-'))
  const state = openLmdbState({ directory })
  try {
    const table = state.table<unknown>('watch')
    const places = Array.from({ length: points }, (_, i) => placeOf(i))
    const before = heldHeapBytes()
    const detector = createDetector({ settings: parseRules() })
    let updates = 0
    let updateMs = 0
    let longestSaveMs = 0
    let saveMs = 0
    async function save(): Promise<void> {
      await state.transact(() => {
        const began = performance.now()
        for (const [key, value] of detector.changed()) table.put(key, value)
        const took = performance.now() - began
        saveMs += took
        longestSaveMs = Math.max(longestSaveMs, took)
      })
    }
    let seq = 0
    for (let round = 0; round < rounds; round++) {
      const now = start + round * 10 * minuteMs
      for (const [index, place] of places.entries()) {
        for (const record of visit(now + index, place)) {
          const began = performance.now()
          detector.take({ seq: ++seq, device: place.device, record }, place, now + index)
          updateMs += performance.now() - began
          updates++
        }
        if (detector.stats().changed >= unitsOfSave) await save()
      }
      // As the clock would go on.
      for (let at = now; at < now + 10 * minuteMs; at += 20 * secondMs) {
        const began = performance.now()
        detector.tick(at + points)
        updateMs += performance.now() - began
      }
      await save()
    }
    const saved = [...table.entries()]
    const bytes = saved.reduce((sum, [key, value]) => sum + key.length + JSON.stringify(value).length, 0)
    const heap = heldHeapBytes() - before
    const began = performance.now()
    createDetector({ settings: parseRules(), saved: saved as Saved[] })
    return {
      points,
      updates,
      microsecondsPerUpdate: round2((updateMs / updates) * 1000),
      savedBytesPerPoint: round2(bytes / points, 0),
      heapBytesPerPoint: round2(heap / points, 0),
      longestSaveMs: round2(longestSaveMs),
      saveMicrosecondsPerUnit: round2((saveMs / (2 * rounds * points)) * 1000),
      openMs: round2(performance.now() - began, 0),
    }
  } finally {
    await state.close()
    await rm(directory, { recursive: true })
  }
}

const round2 = (value: number, digits = 1) => round(value, digits)

function placeOf(index: number): Place {
  const building = `b${Math.floor(index / 40)}`
  return {
    id: index + 1,
    device: `door-${index}`,
    site: `site-${Math.floor(index / 400)}`,
    building,
    point: `d${index % 40}`,
    zone: 'Asia/Shanghai',
  }
}

function visit(at: number, place: Place): EventRecord[] {
  const record = (kind: 'passage' | 'door', after: number, data: object) =>
    ({ kind, at: at + after, receivedAt: at + after, late: false, skewed: false, place, data }) as EventRecord
  return [
    record('passage', 0, { direction: 'in', result: 'granted', method: 'card' }),
    record('door', 1, { state: 'open' }),
    record('door', 2, { state: 'closed', openMs: 4000 }),
  ]
}
