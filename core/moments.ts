/** The last moment of the year 9999: every moment that we are told lies between 1970 and then, and can be written as RFC 3339. */
export const latestMoment = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

export const isMoment = (ms: number) => ms >= 0 && ms <= latestMoment
