import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Config } from '../../config/config.ts'
import { plainListeners, plaintextWarning } from '../../config/exposure.ts'
import { dayMs } from '../../core/clock.ts'
import { fileFault } from '../../core/files.ts'
import { formatLocal } from '../../flow/zone.ts'
import type { Finding } from './finding.ts'

/** A certificate that ends sooner should be renewed; most authorities renew 30 days ahead. */
const renewWithinMs = 21 * dayMs

/** Findings about a valid configuration. `now` in epoch ms. */
export function configFindings(config: Config, now: number): Finding[] {
  return [...plaintextFindings(config), ...certificateFindings(config, now), ...metricsToken(config)]
}

/** The findings that need no file. */
export function plaintextFindings(config: Config): Finding[] {
  return plainListeners(config).map(listener => ({
    check: listener.name,
    result: 'warning',
    finding: plaintextWarning(listener),
  }))
}

function certificateFindings({ mqtt, zone }: Config, now: number): Finding[] {
  const named = [['mqtt.tls', mqtt.tls], ['mqtt.websocket.tls', mqtt.websocket?.tls]] as const // biome-ignore format: one line
  return named.flatMap(([check, files]): Finding[] => {
    const endsAt = files && endOf(files.certFile)
    if (endsAt === undefined) return []
    const until = formatLocal(zone, endsAt)
    if (endsAt <= now) return [{ check, result: 'problem', finding: `its certificate ended on ${until}: no device trusts it` }] // biome-ignore format: one line
    const finding = `its certificate is good until ${until}`
    const isSoon = endsAt - now < renewWithinMs
    return [{ check, result: isSoon ? 'warning' : 'ok', finding: isSoon ? `${finding}: renew it` : finding }]
  })
}

/** Epoch ms; undefined for an unreadable file, which other findings report. */
function endOf(certFile: string): number | undefined {
  try {
    return new X509Certificate(readFileSync(certFile)).validToDate.getTime()
  } catch {
    return undefined
  }
}

/** It is read at every request, so a missing file may still appear. */
function metricsToken({ http: { metricsTokenFile } }: Config): Finding[] {
  if (metricsTokenFile === undefined) return []
  try {
    readFileSync(metricsTokenFile)
    return []
  } catch (error) {
    const finding = `http.metricsTokenFile cannot be read: ${metricsTokenFile}: ${fileFault(error)}; until it is there, an admin alone reads /metrics`
    return [{ check: 'http', result: 'warning', finding }]
  }
}
