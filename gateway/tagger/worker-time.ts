import type { Clock } from '../../core/clock.ts'
import type { DeviceId } from '../../core/words.ts'
import type { JpegCost } from './jpeg-cost.ts'

/** Time of the workers that a device may use at once, and that it gets back in a second. */
const burstMs = 3000
const backPerS = 150
/** Of a device that has used more, so many pictures are in hand at once. */
const inHandLast = 2
/** A look or a redaction of a picture of usual size. */
const usualMs = 100
/** libjpeg goes through all of a picture for each of its scans, at some 1.2 ns a pixel. */
const msPerMegapixelScan = 1.2

/** Whether a device's pictures come before others, behind them, or not now. */
export type Standing = 'first' | 'last' | 'not now'

/** What it costs a worker, beside the usual, to decode such a picture. */
export const decodeMs = ({ megapixels, scans }: JpegCost) => megapixels * scans * msPerMegapixelScan

/**
 * What each device has used of the workers' time, counted by what its pictures should cost and not by what they took,
 * which depends on whoever else is at work. A device that has used more than its share
 * comes behind all others until it has got it back.
 */
export class WorkerTime {
  readonly #clock: Clock
  /** Used, and not yet got back at `at`. */
  readonly #used = new Map<DeviceId, { ms: number; at: number }>()
  readonly #inHand = new Map<DeviceId, number>()
  /** Times that a device was found to have used more than its share when a picture of its was taken. */
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
    // The one that was charged last stands last, so that those at the front have long got all back.
    this.#used.delete(device)
    this.#used.set(device, { ms: used, at: now })
    const [oldest] = this.#used.keys()
    if (this.#usedAt(oldest!, now) === 0) this.#used.delete(oldest!)
  }

  #usedAt(device: DeviceId, now: number): number {
    const used = this.#used.get(device)
    // A clock that was set back gives nothing back until it has caught up.
    return used === undefined ? 0 : Math.max(0, used.ms - (Math.max(0, now - used.at) * backPerS) / 1000)
  }
}
