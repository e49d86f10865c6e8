import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { type Influxd, openInfluxd } from '../../bench/influx/influxd.ts'
import type { InfluxSettings } from '../../ingest/store/influx-settings.ts'
import { needsProgram } from './programs.ts'

const install = 'apt-get install influxdb'

const hasInfluxd = (() => {
  try {
    execFileSync('which', ['influxd'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

/** Tests against one influxd that they share; skipped where there is none, and failed where CI=true. */
export function describeInfluxd(title: string, tests: (influxd: () => Influxd) => void): void {
  if (!hasInfluxd) {
    test(`${title}: is tried on a real one`, context => needsProgram(context, 'influxd', install))
    return
  }
  describe(title, () => {
    let influxd: Influxd
    beforeAll(async () => {
      influxd = await openInfluxd()
    })
    afterAll(() => influxd.stop())
    tests(() => influxd)
  })
}

let databases = 0

/** How to reach it, with a database that nobody has used yet. */
export const settingsFor = (url: string, change: Partial<InfluxSettings> = {}): InfluxSettings => ({
  url,
  version: 1,
  database: `lintel-${++databases}`,
  timeoutMs: 20_000,
  ...change,
})
