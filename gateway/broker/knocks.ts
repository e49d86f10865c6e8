import type { ErrorCode } from '../../core/errors.ts'
import { Shares } from '../../core/shares.ts'
import { deviceIdPattern } from '../../core/words.ts'
import { holdsPersonalNumber } from '../../devices/contract/personal-number.ts'
import { networkOf } from './doorstep.ts'
import { shapeOf } from './printable.ts'

/** A client that was refused, by the id that it claimed. Times in epoch ms. */
export interface Knock {
  /** The id as it was sent if it could be a device's id; otherwise its length and shape. */
  readonly id: string
  readonly code: ErrorCode
  readonly times: number
  readonly firstAt: number
  readonly lastAt: number
  /** The address of the latest attempt. */
  readonly address?: string
}

export interface KnockList {
  /** The latest first. */
  readonly knocks: readonly Knock[]
  /** Dropped for want of room since the start. */
  readonly dropped: number
}

const maxKnocks = 200
const deviceId = new RegExp(deviceIdPattern)

/**
 * Refused clients, for whoever commissions devices. They are kept in memory alone, and gone with the process: a
 * stranger's id may be anything. 200 at most; beyond that the network that has most of them loses its oldest, which is
 * counted.
 */
export class Knocks {
  readonly #byId = new Map<string, Knock>()
  readonly #shares = new Shares<string>()
  #dropped = 0

  add(clientId: string, code: ErrorCode, address: string | undefined, now: number): void {
    const id = deviceId.test(clientId) && !holdsPersonalNumber(clientId) ? clientId : shapeOf(clientId)
    const known = this.#byId.get(id)
    if (known === undefined && this.#byId.size >= maxKnocks) {
      this.#byId.delete(this.#shares.takeFromLargest()!)
      this.#dropped++
    }
    const { times = 0, firstAt = now } = known ?? {}
    this.#byId.set(id, { id, code, times: times + 1, firstAt, lastAt: now, ...(address === undefined ? {} : { address }) }) // biome-ignore format: one thing
    this.#shares.add(networkOf(address ?? ''), id)
  }

  /** Call it when the device has been let in. */
  letIn(id: string): void {
    if (this.#byId.delete(id)) this.#shares.remove(id)
  }

  list(): KnockList {
    const knocks = [...this.#byId.values()].sort((a, b) => b.lastAt - a.lastAt)
    return { knocks, dropped: this.#dropped }
  }
}
