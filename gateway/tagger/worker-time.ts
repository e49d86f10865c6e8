import type { Clock } from '../../core/clock.ts'
import type { DeviceId } from '../../core/words.ts'
import type { JpegCost } from './jpeg-cost.ts'

/** The workers' time that a device may use at once, in ms; `backPerS` is what it gets back in a second. */
const burstMs = 3000
const backPerS = 150
/** Most pictures in hand at once of a device that has used more than its share. */
const inHandLast = 2
/** The cost of a look or a redaction of a picture of usual size. */
const usualMs = 100
/** libjpeg goes through the whole picture for each of its scans, at some 1.2 ns a pixel. */
const msPerMegapixelScan = 1.2

/** The turn of a device's pictures: before others, after them, or not now. */
export type Standing = 'first' | 'last' | 'not now'

/** The cost of decoding such a picture, on top of the usual cost. */
export const decodeMs = ({ megapixels, scans }: JpegCost) => megapixels * scans * msPerMegapixelScan

/**
 * The workers' time that each device has used, counted by what its pictures should cost and not by what they took, which
 * depends on whatever else is at work. A device that has used more than its share comes after all others until it has got
 * it back.
 */
export class WorkerTime {
  readonly #clock: Clock
  /** Time that was used, and not yet got back at `at`. */
  readonly #used = new Map<DeviceId, { ms: number; at: number }>()
  readonly #inHand = new Map<DeviceId, number>()
  /** Times a picture was taken of a device that had used more than its share. */
  behind = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  readonly standing = (device: DeviceId): Standing => {
    if (this.#usedAt(device, this.#clock()) <= burstMs) return 'first'
    return (this.#inHand.get(device) ?? 0) < inHandLast ? 'last' : 'not now'
  }

  take(device: DeviceId): void {
    if (this.standing(device) !== 'first') this.behind++
    this.#inHand.set(device, (this.#inHand.get(device) ?? 0) + 1)
    this.charge(device, usualMs)
  }

  putDown(device: DeviceId): void {
    const left = (this.#inHand.get(device) ?? 0) - 1
    if (left > 0) this.#inHand.set(device, left)
    else this.#inHand.delete(device)
  }

  charge(device: DeviceId, ms: number): void {
    const now = this.#clock()
    const used = this.#usedAt(device, now) + ms
    // The device charged last comes last, so that those at the front have long got all back.
    this.#used.delete(device)
    this.#used.set(device, { ms: used, at: now })
    const [oldest] = this.#used.keys()
    if (this.#usedAt(oldest!, now) === 0) this.#used.delete(oldest!)
  }

  #usedAt(device: DeviceId, now: number): number {
    const used = this.#used.get(device)
    // After the clock was set back, nothing is given back until it has caught up.
    return used === undefined ? 0 : Math.max(0, used.ms - (Math.max(0, now - used.at) * backPerS) / 1000)
  }
}
