/** Degrees clockwise. */
export const turns = [0, 90, 180, 270] as const
export type Turn = (typeof turns)[number]

/** Whether width and height change places. */
export const isSideways = (turn: Turn): boolean => turn === 90 || turn === 270
