import type { Regions } from '../../config/regions.ts'
import { type Clock, dayMs } from '../../core/clock.ts'
import { Durations } from '../../core/durations.ts'
import { codeOf, type ErrorCode } from '../../core/errors.ts'
import type { DeviceId } from '../../core/words.ts'
import type { DataOf } from '../../devices/contract/kinds.ts'
import type { CameraHints } from '../../devices/registry/camera-hints.ts'
import { type CameraState, nextCamera } from '../../models/camera.ts'
import type { Look } from '../../models/eye.ts'
import type { NewSighting } from '../admit/sight.ts'
import { captionOf, plainJpeg, withCaption } from '../snapshots/caption.ts'
import type { Originals } from '../snapshots/originals.ts'
import type { PictureKey, Snapshots } from '../snapshots/snapshots.ts'
import type { Sighted, Waiting } from './backlog.ts'
import { costOfJpeg, isAbsurd } from './jpeg-cost.ts'
import type { Looker } from './looker.ts'
import { Mounts } from './mounts.ts'
import type { RecentEvents } from './recent-events.ts'
import { sightingOf, toRecord, unseen } from './sighting.ts'
import { decodeMs, WorkerTime } from './worker-time.ts'

type SightingData = DataOf<'sighting'>
export type Outcome = SightingData['outcome']

export interface AttendanceParts {
  recent: RecentEvents
  /** A waiting picture, as it came. */
  read(key: PictureKey): Promise<Buffer | undefined>
  regionsOf(device: DeviceId): Regions | undefined
  isCheckpoint(device: DeviceId): boolean
  hints: CameraHints
  snapshots: Snapshots
  /** Absent if originals are erased at once. */
  originals: Originals | undefined
  /** Journals a sighting. Resolves once it is in the journal. */
  sight(sighting: NewSighting): Promise<void>
  /** Erases an original. Resolves once it is gone. */
  erase(key: PictureKey): Promise<void>
  clock: Clock
  onFault: (error: unknown) => void
}

/** The next step of a picture: none, the same again, or redaction. */
export type Next = { readonly again: Waiting } | { readonly redact: Sighted } | 'done'

/** The steps of a picture. A step that is repeated after a crash changes nothing. */
export interface Attendance {
  /** Looks at a picture and journals what was seen. */
  look(looker: Looker, picture: Waiting): Promise<Next>
  /** Redacts a picture, keeps it and erases its original. A gateway's picture is looked at first, but gets no sighting. */
  redact(looker: Looker, picture: Sighted): Promise<Next>
  /** Call it if there is no time to look at it. */
  thin(picture: Waiting): Promise<'done'>
  /** Call it if there is no time to redact it: its sighting stands, and the picture is not kept. */
  forgo(picture: Sighted): Promise<'done'>
  /** The workers' time that devices have used. */
  readonly time: Pick<WorkerTime, 'standing' | 'take' | 'putDown'>
  stats(): AttendanceStats
}

export interface AttendanceStats {
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>
  readonly rested: number
  /** Seen, but not kept: there was no time to redact them, or redaction or disk failed. */
  readonly unkept: number
  /** Pictures that came after those of others, since their device had used more than its share of the workers. */
  readonly behind: number
  /** From the receipt of a picture to its sighting in the journal. */
  readonly sightings: Durations
}

/** A picture that this many workers died with is given to no other. */
const maxDeaths = 2
const maxCameras = 20_000

export function createAttendance(parts: AttendanceParts): Attendance {
  const { recent, read, regionsOf, isCheckpoint, hints, snapshots, originals, sight, erase, clock, onFault } =
    parts
  const mounts = new Mounts(hints, onFault)
  const time = new WorkerTime(clock)
  const cameras = new Map<DeviceId, CameraState>()
  const outcomes: Partial<Record<Outcome, number>> = {}
  let rested = 0
  let unkept = 0
  const sightings = new Durations()

  async function tell(picture: Waiting, data: SightingData): Promise<void> {
    const { device, event, receivedAt } = picture
    await sight({ device, event, record: toRecord(picture, recent.of(picture), data, clock()) })
    outcomes[data.outcome] = (outcomes[data.outcome] ?? 0) + 1
    sightings.observe(clock() - receivedAt)
  }

  async function drop(picture: Waiting): Promise<'done'> {
    await erase(picture)
    return 'done'
  }

  /** Journals why nobody saw the picture, and erases it: it is of no use. */
  async function conclude(
    picture: Waiting,
    outcome: Exclude<Outcome, 'seen'>,
    reason: ErrorCode,
  ): Promise<'done'> {
    await tell(picture, unseen(outcome, reason))
    return drop(picture)
  }

  function afterDeath(picture: Waiting): Next | Promise<Next> {
    const deaths = picture.deaths + 1
    return deaths < maxDeaths
      ? { again: { ...picture, deaths } }
      : conclude(picture, 'parked', 'PICTURE_DEADLY')
  }

  function faultsOfCamera({ device, event }: Waiting, look: Look) {
    const { state, faults } = nextCamera(cameras.get(device), look.camera, event)
    cameras.delete(device)
    cameras.set(device, state)
    if (cameras.size > maxCameras) cameras.delete(cameras.keys().next().value!)
    return faults
  }

  /** A picture that cannot be kept must not hold up the others: it is counted, and its sighting stands. */
  async function keep(
    picture: Waiting,
    jpeg: Buffer,
    sighting: SightingData | undefined,
    original?: Buffer,
  ): Promise<'done'> {
    const { device, event, place, receivedAt } = picture
    const facts = recent.of(picture)
    try {
      await snapshots.put(
        { device, event, place, at: facts?.at ?? receivedAt, urgent: facts?.worth === 'urgent' },
        sighting === undefined ? plainJpeg(jpeg) : withCaption(plainJpeg(jpeg), sighting),
      )
      rested++
      if (original !== undefined) await originals?.put(picture, original)
    } catch (error) {
      unkept++
      onFault(error)
    }
    return drop(picture)
  }

  /** The present regions; if the camera was turned since the picture was looked at, the regions of then. */
  function regionsToRedact({ device, toCover, regions }: Sighted): Regions | undefined {
    const now = regionsOf(device)
    return toCover === undefined || regions?.turned === now?.turned ? now : regions
  }

  function forgo(picture: Waiting): Promise<'done'> {
    unkept++
    return drop(picture)
  }

  return {
    async look(looker, picture) {
      // It was done before a crash, except for the erasing.
      if (snapshots.find(picture) !== undefined) return drop(picture)
      const original = await read(picture)
      if (original === undefined) return conclude(picture, 'missing', 'PICTURE_MISSING')
      // The worker may have died while the picture was read, which is no fault of this picture.
      if (!looker.isReady) return { again: picture }
      const cost = costOfJpeg(original)
      if (isAbsurd(cost)) return conclude(picture, 'unreadable', 'PICTURE_TOO_LARGE')
      time.charge(picture.device, decodeMs(cost))
      // If a doubt of the clock ends meanwhile, its step is no time that the picture waited.
      const waitedMs = Math.max(0, Math.min(clock() - picture.receivedAt, dayMs))
      const { device } = picture
      const regions = regionsOf(device)
      const turned = regions?.turned ?? 0
      let seen: Look
      try {
        seen = await looker.look(original, regions, mounts.shallCompare(device, turned))
      } catch (error) {
        const code = codeOf(error) ?? 'PICTURE_UNREADABLE'
        return code === 'TAGGER_WORKER_DIED' ? afterDeath(picture) : conclude(picture, 'unreadable', code)
      }
      const wantedTurn = mounts.take(device, turned, seen)
      const sighting = sightingOf(seen, faultsOfCamera(picture, seen), waitedMs, wantedTurn)
      await tell(picture, sighting)
      return { redact: { ...picture, toCover: seen.toCover, sighting, regions } }
    },
    async redact(looker, picture) {
      // After a crash it is not known whether a gateway's picture was done.
      if (picture.toCover === undefined && snapshots.find(picture) !== undefined) return drop(picture)
      const original = await read(picture)
      if (original === undefined) return forgo(picture)
      if (!looker.isReady) return { redact: picture }
      try {
        const { device } = picture
        time.charge(device, decodeMs(costOfJpeg(original)))
        const regions = regionsToRedact(picture)
        const toCover = picture.toCover ?? (await looker.look(original, regions)).toCover
        const { mask = [], turned = 0 } = regions ?? {}
        const jpeg = await looker.redact(original, { toCover, mask, turned, isRoad: isCheckpoint(device) })
        return await keep(picture, jpeg, picture.sighting ?? captionOf(original), original)
      } catch (error) {
        if (codeOf(error) === 'TAGGER_WORKER_DIED') {
          if (picture.toCover !== undefined) return afterDeath(picture)
          const deaths = picture.deaths + 1
          if (deaths < maxDeaths) return { redact: { ...picture, deaths } }
        }
        onFault(error)
        return forgo(picture)
      }
    },
    thin: picture => conclude(picture, 'thinned', 'PICTURE_THINNED'),
    forgo,
    time,
    stats: () => ({ outcomes, rested, unkept, behind: time.behind, sightings }),
  }
}
