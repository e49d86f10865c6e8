/** Milliseconds since the epoch. Code that decides by time takes a clock or a moment as an argument. */
export type Clock = () => number

export const systemClock: Clock = () => Date.now()

export const secondMs = 1000
export const minuteMs = 60 * secondMs
export const hourMs = 60 * minuteMs
export const dayMs = 24 * hourMs
