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

/** Judges how cameras seem to be mounted, by what their pictures show when they are turned. */
export class Mounts {
  readonly #hints: CameraHints
  readonly #onFault: (error: unknown) => void
  readonly #states = new Latest<DeviceId, MountState>(keptDevices)

  constructor(hints: CameraHints, onFault: (error: unknown) => void) {
    this.#hints = hints
    this.#onFault = onFault
  }

  /** True if a picture of the device is to be compared now; it then counts as compared. */
  shallCompare(device: DeviceId, turned: Turn): boolean {
    const state = this.#of(device, turned)
    if (!wantsComparison(state)) return false
    this.#states.set(device, comparing(state))
    return true
  }

  /**
   * Takes a look at a picture. Returns the turn that the device's pictures seem to need, if it is not `turned`. The hint
   * is saved meanwhile: it holds up no picture.
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
