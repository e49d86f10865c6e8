import type { Waiting } from './backlog.ts'

/** The pictures that one worker has in hand. A picture with which a worker died before is given alone: another death is then its own. */
export class Hands {
  looks = 0
  redactions = 0
  #suspect = false

  mayTake({ deaths }: Waiting): boolean {
    if (this.#suspect) return false
    return deaths === 0 || this.looks + this.redactions === 0
  }

  take(kind: 'looks' | 'redactions', { deaths }: Waiting): void {
    this[kind]++
    if (deaths > 0) this.#suspect = true
  }

  putDown(kind: 'looks' | 'redactions', { deaths }: Waiting): void {
    this[kind]--
    if (deaths > 0) this.#suspect = false
  }
}
