import { formatLocalMs } from '../flow/zone.ts'

/** Names of members that are moments if their value can be one, in addition to those that end in `At`. */
const words: ReadonlySet<string> = new Set(['at', 'from', 'to', 'since', 'until', 'before', 'now', 'sentTo'])
/** March 1973 in epoch ms: a smaller number in a member such as `from` is not a moment. */
const leastMoment = 1e11
const utc = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/

/**
 * For JSON.stringify: moments, in epoch ms or UTC, become RFC 3339 in this zone. A moment is a member whose name ends
 * in `At` (0 means that there was none, so null) or is one of the words above; all other numbers stay as they are.
 */
export const momentsIn =
  (zone: string) =>
  (name: string, value: unknown): unknown => {
    const isNamed = name.endsWith('At')
    if (!isNamed && !words.has(name)) return value
    if (typeof value === 'string') return utc.test(value) ? formatLocalMs(zone, Date.parse(value)) : value
    if (typeof value !== 'number' || !Number.isInteger(value)) return value
    if (isNamed && value === 0) return null
    return isNamed || value >= leastMoment ? formatLocalMs(zone, value) : value
  }
