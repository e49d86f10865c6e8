/** The last millisecond of the year 9999. All moments that we accept lie between 1970 and then, so RFC 3339 can express them. */
export const latestMoment = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

export const isMoment = (ms: number) => ms >= 0 && ms <= latestMoment
