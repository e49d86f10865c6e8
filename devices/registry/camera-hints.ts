import type { State } from '../../core/state/state.ts'
import type { Turn } from '../../core/turn.ts'
import type { DeviceId } from '../../core/words.ts'

/** Hints that cameras are mounted turned. The tagger writes them, any process may read them. */
export interface CameraHints {
  /** The turn at which most is seen in a device's pictures; undefined if that is the turn that was set. */
  turnOf(device: DeviceId): Turn | undefined
  setTurn(device: DeviceId, turn: Turn | undefined): Promise<void>
}

export function createCameraHints(state: State): CameraHints {
  const table = state.table<Turn>('camera-turns')
  return {
    turnOf: device => table.get(device),
    setTurn: (device, turn) =>
      state.transact(() => (turn === undefined ? table.remove(device) : table.put(device, turn))),
  }
}
