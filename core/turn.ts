import type { ErrorCode } from './errors.ts'

/** Degrees clockwise. */
export const turns = [0, 90, 180, 270] as const
export type Turn = (typeof turns)[number]

/** True if width and height change places. */
export const isSideways = (turn: Turn): boolean => turn === 90 || turn === 270

/** The code for a camera whose pictures seem to need this turn. */
export const turnCodes = {
  90: 'CAMERA_TURNED_LEFT',
  180: 'CAMERA_UPSIDE_DOWN',
  270: 'CAMERA_TURNED_RIGHT',
} as const satisfies Record<Exclude<Turn, 0>, ErrorCode>

export const addTurns = (a: Turn, b: Turn): Turn => ((a + b) % 360) as Turn
