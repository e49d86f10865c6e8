import { benchLatency } from './alerts/latency.ts'
import { benchPoints } from './alerts/points.ts'
import { benchStorm } from './alerts/storm.ts'

export const description =
  'alerts: from an event to those who are told, 10,000 points [--seconds N] [--per-s N] [--storm 1, 30 minutes]'

/** `npm run bench -- alerts`. */
export async function run(options: Record<string, number>) {
  if (options.storm)
    return benchStorm({ doors: options.doors ?? 2400, sites: options.sites ?? 6, awayS: 90, backS: 110 })
  const points = await benchPoints(options.points ?? 10_000)
  const latency = await benchLatency({
    perS: options['per-s'] ?? 1000,
    alertsPerS: 5,
    seconds: options.seconds ?? 60,
  })
  return { ...points, ...latency }
}
