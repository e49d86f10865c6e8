import { describe, expect, test } from 'vitest'
import type { Regions } from '../../config/regions.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import type { DataOf } from '../../devices/contract/kinds.ts'
import { createCameraHints } from '../../devices/registry/camera-hints.ts'
import { openFileSnapshots } from '../../gateway/snapshots/file-snapshots.ts'
import { type AttendanceParts, createAttendance } from '../../gateway/tagger/attendance.ts'
import type { Waiting } from '../../gateway/tagger/backlog.ts'
import type { Looker } from '../../gateway/tagger/looker.ts'
import { RecentEvents } from '../../gateway/tagger/recent-events.ts'
import type { Look } from '../../models/eye.ts'
import type { RedactOptions } from '../../models/redactor.ts'
import { samplePicture } from '../support/pictures.ts'
import { someMoment, somewhere } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const seen: Look = {
  model: 'fake',
  picture: { width: 40, height: 20 },
  detections: [],
  toCover: [],
  camera: { faults: [], scene: new Uint16Array(8) },
  timings: { decodeMs: 4, inferenceMs: 20, totalMs: 25 },
}
const half: Regions['mask'] = [[[0, 0], [0.5, 0], [0.5, 1]]] // biome-ignore format: corners

async function setUp() {
  const state = createMemoryState()
  const hints = createCameraHints(state)
  const sighted: DataOf<'sighting'>[] = []
  const redactions: RedactOptions[] = []
  const device = { regions: undefined as Regions | undefined }
  const jpeg = await samplePicture('car')
  const looker = {
    isReady: true,
    look: async (_: Uint8Array, __: unknown, compareTurns: boolean) =>
      compareTurns ? { ...seen, turnSums: [0, 0, 2, 0.5] } : seen,
    async redact(_: Uint8Array, options: RedactOptions) {
      redactions.push(options)
      return jpeg
    },
  } as unknown as Looker
  const parts: AttendanceParts = {
    recent: new RecentEvents(),
    read: async () => jpeg,
    regionsOf: () => device.regions,
    hints,
    isCheckpoint: () => false,
    snapshots: await openFileSnapshots({
      directory: await temporaryDirectory(), state, clock: () => someMoment, keepBytes: 1e9, keepMs: 1e12, isHeld: () => false,
    }), // biome-ignore format: options
    originals: undefined,
    async sight({ record }) {
      sighted.push(record.data as DataOf<'sighting'>)
    },
    async erase() {},
    clock: () => someMoment,
    onFault(error) {
      throw error
    },
  }
  let attendance = createAttendance(parts)
  const picture: Waiting = {
    seq: 1, device: 'd1', event: 'a', place: somewhere, receivedAt: someMoment, bytes: 5, deaths: 0,
  } // biome-ignore format: a picture
  return {
    hints,
    device,
    restart() {
      attendance = createAttendance(parts)
    },
    /** Looks at so many pictures; answers with what was said of the last. */
    async reasonAfter(pictures: number) {
      for (let n = 0; n < pictures; n++) await attendance.look(looker, picture)
      return sighted.at(-1)?.reason
    },
    /** Sets the regions as they are at the look, then as they are when it is redacted; answers with how it is redacted. */
    async redacted(atLook: Regions | undefined, after: Regions | undefined) {
      device.regions = atLook
      const next = await attendance.look(looker, picture)
      device.regions = after
      if (typeof next === 'object' && 'redact' in next) await attendance.redact(looker, next.redact)
      return redactions[0]
    },
  }
}

test('a picture is redacted as it was turned when it was looked at: what was seen is where it was then', async () => {
  const { redacted } = await setUp()
  expect(await redacted({ turned: 90, mask: half }, { turned: 180 })).toMatchObject({
    turned: 90,
    mask: half,
  })
})

test('a mask that was set since it was looked at hides what it is to hide', async () => {
  const { redacted } = await setUp()
  expect(await redacted({ turned: 90 }, { turned: 90, mask: half })).toMatchObject({ turned: 90, mask: half })
})

describe('of a camera that seems to be mounted turned', () => {
  test('each sighting says so once that is known, also after a restart, until its turn is set', async () => {
    const { reasonAfter, restart, device, hints } = await setUp()
    expect(await reasonAfter(80)).toBeUndefined()
    expect(await reasonAfter(20)).toBe('CAMERA_UPSIDE_DOWN')
    expect(hints.turnOf('d1')).toBe(180)
    restart()
    expect(await reasonAfter(1)).toBe('CAMERA_UPSIDE_DOWN')
    device.regions = { turned: 180 }
    expect(await reasonAfter(1)).toBeUndefined()
  })

  test('the turn is told beyond the one that is set', async () => {
    const { reasonAfter, device } = await setUp()
    device.regions = { turned: 90 }
    expect(await reasonAfter(100)).toBe('CAMERA_TURNED_RIGHT')
  })
})
