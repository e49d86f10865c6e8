import type { DeviceId, Place, Seq } from '../../core/words.ts'
import { snapshotTopic } from '../../devices/contract/topics.ts'
import type { Picture, SnapshotReader } from '../snapshots/snapshots.ts'
import type { Draft, IsAnnounced } from './draft.ts'
import { Progress } from './progress.ts'

export interface PictureStreamParts {
  snapshots: SnapshotReader
  /** Everything up to it is done. */
  position: number
  /** The end of the journal. `cursor` is how much of it the centre has: a picture follows the records that belong to it. */
  end(): Seq
  cursor(): Seq
  /** True if the centre is told about the device. */
  isTold(device: DeviceId): boolean
  /** The place where it was taken, if that is known. */
  placeOf(picture: Picture): Place | undefined
  /** Called when a picture has been read and can go. */
  onLoaded(): void
  onFault(error: unknown): void
}

interface Waiting {
  readonly picture: Picture
  /** The end of the journal when the picture was found at rest: its event, and mostly its sighting, lie before. */
  readonly behind: Seq
}

const page = 200
const maxUrgent = 1000
const maxAhead = 10_000

/**
 * Pictures at rest, urgent ones first, each once the centre has the records that lay before it. A picture that was
 * deleted meanwhile is skipped. One at a time is in memory.
 */
export class PictureStream {
  readonly progress: Progress
  readonly #parts: PictureStreamParts
  #urgent: Waiting[] = []
  #turn: Waiting[] = []
  #found: number
  #loaded: { readonly picture: Picture; readonly jpeg: Buffer } | undefined
  #loading = false
  skipped = 0

  constructor(parts: PictureStreamParts) {
    this.#parts = parts
    this.progress = new Progress(parts.position)
    this.#found = parts.position
  }

  /** Looks for urgent pictures that have come to rest. Call it now and then: it costs a look into the index. */
  look(): void {
    if (this.#urgent.length >= maxUrgent || this.progress.ahead >= maxAhead) return
    const behind = this.#parts.end()
    for (const picture of this.#parts.snapshots.after(this.#found, page)) {
      this.#found = picture.position
      if (!picture.urgent) continue
      this.progress.goAhead(picture.position)
      this.#urgent.push({ picture, behind })
    }
  }

  /** The picture that is in memory; if there is none, reads the next. */
  next(isAnnounced: IsAnnounced): Draft | undefined {
    if (this.#loaded === undefined) {
      this.#load()
      return undefined
    }
    const { picture, jpeg } = this.#loaded
    const { device, event, urgent, position } = picture
    const place = this.#parts.placeOf(picture)!
    if (!isAnnounced(device, place)) return undefined
    this.#loaded = undefined
    const topic = snapshotTopic(device, event)
    return { kind: 'snapshot', topic, payload: jpeg, device, place, urgent, numbers: [position] }
  }

  #load(): void {
    if (this.#loading) return
    const waiting = this.#pick()
    if (waiting === undefined) return
    const { picture } = waiting
    if (!this.#parts.isTold(picture.device) || this.#parts.placeOf(picture) === undefined) {
      this.#skip(picture)
      return
    }
    this.#loading = true
    this.#parts.snapshots
      .read(picture)
      .then(jpeg => {
        if (jpeg === undefined) this.#skip(picture)
        else this.#loaded = { picture, jpeg }
      })
      .catch(error => {
        this.#parts.onFault(error)
        this.#skip(picture)
      })
      .finally(() => {
        this.#loading = false
        this.#parts.onLoaded()
      })
  }

  #skip({ position }: Picture): void {
    this.skipped++
    this.progress.done(position)
  }

  #pick(): Waiting | undefined {
    if (this.#turn.length === 0) this.#read()
    const cursor = this.#parts.cursor()
    for (const queue of [this.#urgent, this.#turn])
      if (queue.length > 0 && queue[0]!.behind <= cursor) return queue.shift()
    return undefined
  }

  #read(): void {
    if (this.progress.position >= this.#found) return
    const behind = this.#parts.end()
    const pictures = this.#parts.snapshots.after(this.progress.position, page)
    for (const picture of pictures) {
      // Pictures that came to rest since the last `look` have their turn the next time.
      if (picture.position > this.#found) break
      if (this.progress.meet(picture.position)) this.#turn.push({ picture, behind })
      this.progress.moveTo(picture.position)
    }
  }
}
