import type { Client } from 'aedes'
import type { DeviceId } from '../../core/words.ts'
import type { Session } from './session.ts'

/** The connected devices. */
export class Sessions {
  /** Kept as long as aedes refers to the client: a will comes after its socket has closed. */
  readonly #ofClient = new WeakMap<Client, Session>()
  readonly #open = new Set<Session>()
  /** The latest of each device: while one takes over from another, both are open. */
  readonly #ofDevice = new Map<DeviceId, Session>()
  #heldBackBefore = 0

  of(client: Client | null): Session | undefined {
    return client === null ? undefined : this.#ofClient.get(client)
  }

  ofDevice(device: DeviceId): Session | undefined {
    return this.#ofDevice.get(device)
  }

  get open(): ReadonlySet<Session> {
    return this.#open
  }

  /** Answers to devices that were held back because there were too many. */
  get heldBack(): number {
    let sum = this.#heldBackBefore
    for (const { feedback } of this.#open) sum += feedback.heldBack
    return sum
  }

  add(session: Session): void {
    this.#ofClient.set(session.client, session)
    this.#ofDevice.set(session.device, session)
    this.#open.add(session)
  }

  /** Call it when the socket of a client has closed. Returns the session that it had, if it was open. */
  remove(client: Client): Session | undefined {
    const session = this.#ofClient.get(client)
    if (session === undefined || !this.#open.delete(session)) return undefined
    this.#heldBackBefore += session.feedback.heldBack
    if (this.#ofDevice.get(session.device) === session) this.#ofDevice.delete(session.device)
    return session
  }
}
