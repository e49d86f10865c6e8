import { Latest } from '../../core/latest.ts'
import { addTurns, type Turn } from '../../core/turn.ts'
import type { DeviceId } from '../../core/words.ts'
import type { CameraHints } from '../../devices/registry/camera-hints.ts'
import {
  comparing,
  freshMount,
  type MountLook,
  type MountState,
  nextMount,
  wantsComparison,
} from '../../models/mount.ts'

const keptDevices = 20_000

/** How cameras seem to be mounted, from what their pictures show when they are turned. */
export class Mounts {
  readonly #hints: CameraHints
  readonly #onFault: (error: unknown) => void
  readonly #states = new Latest<DeviceId, MountState>(keptDevices)

  constructor(hints: CameraHints, onFault: (error: unknown) => void) {
    this.#hints = hints
    this.#onFault = onFault
  }

  /** Whether a picture of it is to be compared now; then it is taken for being so. */
  shallCompare(device: DeviceId, turned: Turn): boolean {
    const state = this.#of(device, turned)
    if (!wantsComparison(state)) return false
    this.#states.set(device, comparing(state))
    return true
  }

  /**
   * Takes what was seen; the turn that its pictures seem to want, where that is another than `turned`. It is written down beside
   * that: a hint holds up no picture.
   */
  take(device: DeviceId, turned: Turn, look: MountLook): Turn | undefined {
    const { state, best } = nextMount(this.#of(device, turned), look)
    this.#states.set(device, state)
    const told = this.#hints.turnOf(device)
    const wanted = best === undefined ? told : best === 0 ? undefined : addTurns(turned, best)
    if (wanted !== told) this.#hints.setTurn(device, wanted).catch(this.#onFault)
    return wanted === turned ? undefined : wanted
  }

  #of(device: DeviceId, turned: Turn): MountState {
    const state = this.#states.get(device)
    return state?.turned === turned ? state : freshMount(turned)
  }
}
