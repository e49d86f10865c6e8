import { expect, test } from 'vitest'
import type { Regions } from '../../core/regions.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import { openFileSnapshots } from '../../gateway/snapshots/file-snapshots.ts'
import { createAttendance } from '../../gateway/tagger/attendance.ts'
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
  const redactions: RedactOptions[] = []
  const device = { regions: undefined as Regions | undefined }
  const jpeg = await samplePicture('car')
  const looker = {
    isReady: true,
    look: async () => seen,
    async redact(_: Uint8Array, options: RedactOptions) {
      redactions.push(options)
      return jpeg
    },
  } as unknown as Looker
  const attendance = createAttendance({
    recent: new RecentEvents(),
    read: async () => jpeg,
    regionsOf: () => device.regions,
    isCheckpoint: () => false,
    snapshots: await openFileSnapshots({
      directory: await temporaryDirectory(), state: createMemoryState(), clock: () => someMoment, keepBytes: 1e9, keepMs: 1e12, isHeld: () => false,
    }), // biome-ignore format: options
    originals: undefined,
    async sight() {},
    async erase() {},
    clock: () => someMoment,
    onFault(error) {
      throw error
    },
  })
  const picture: Waiting = {
    seq: 1, device: 'd1', event: 'a', place: somewhere, receivedAt: someMoment, bytes: 5, deaths: 0,
  } // biome-ignore format: a picture
  return {
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
