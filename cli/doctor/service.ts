import type { Configured } from '../../api/operations/overview-view.ts'
import type { Status } from '../../api/operations/status-view.ts'
import type { Config } from '../../config/config.ts'
import { systemClock } from '../../core/clock.ts'
import type { DataPaths } from '../../core/data-directory.ts'
import { codeOf, messageOf } from '../../core/errors.ts'
import { lockDataDirectory } from '../../core/lock.ts'
import { openClockFile } from '../../core/trusted-time/clock-file.ts'
import { beginLine } from '../../core/trusted-time/line.ts'
import { systemRunningTime } from '../../core/trusted-time/running-time.ts'
import type { ClockView } from '../../core/trusted-time/trusted-time.ts'
import { textOf } from '../commands/clock.ts'
import type { Service } from '../connect.ts'
import type { Finding } from './finding.ts'

/** The finding about a service that does not answer; it is no fault if none runs. */
export function notUp(paths: DataPaths): Finding {
  try {
    lockDataDirectory(paths, 'service').release()
    return { check: 'service', result: 'ok', finding: 'not running' }
  } catch (error) {
    const isTaken = codeOf(error) === 'DATA_LOCKED'
    const finding = isTaken ? 'running but not answering: see its log' : messageOf(error)
    return { check: 'service', result: 'problem', finding }
  }
}

/** Findings from the service's own status that need somebody to act. */
export function findingsOf({ clock, heldDeletions }: Status, config: Config): Finding[] {
  const held = heldDeletions.map(
    ({ kind, expected, of }): Finding => ({
      check: 'retention',
      result: 'problem',
      finding: `${expected} of ${of} rows of ${kind} would be deleted at once: if that is meant, lintel retention allow ${kind}`,
    }),
  )
  return [clockFinding(clock, config), ...held]
}

export function clockOfDirectory({ clock }: DataPaths): ClockView {
  const running = systemRunningTime()
  const reading = { systemAt: systemClock(), upMs: running.upMs(), boot: running.boot }
  const { at, doubt } = beginLine(openClockFile(clock).read(), reading)
  const { systemAt } = reading
  return doubt === undefined
    ? { state: 'sure', at: systemAt, systemAt }
    : { state: 'in-doubt', at: Math.floor(at), systemAt, why: doubt.why }
}

export function clockFinding(clock: ClockView, { zone }: Config): Finding {
  const finding = textOf(clock, zone)
  if (clock.state === 'sure') return { check: 'clock', result: 'ok', finding }
  return {
    check: 'clock',
    result: 'problem',
    finding: `${finding}; nothing is deleted by age until it is set right, or until lintel clock trust`,
  }
}

const lagWarning = 100_000
/** A part without an answer for this long hangs; Prometheus asks every 15 s. */
const silentS = 60

/** The page takes a second at most, even if a part hangs. */
const metricsWaitMs = 5000

/** Compares the metrics of a service with what its configuration requires. */
export async function readings({ url, token }: Service, configured: Configured): Promise<Finding[]> {
  const headers = { authorization: `Bearer ${token}` }
  const signal = AbortSignal.timeout(metricsWaitMs)
  const text = await fetch(`${url}/metrics`, { headers, signal })
    .then(answer => answer.text())
    .catch(() => '')
  const value = (name: string) =>
    Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(text)?.[1] ?? Number.NaN)
  const behind = value('lintel_consumer_lag')
  if (Number.isNaN(behind))
    return [
      {
        check: 'gateway',
        result: 'problem',
        finding: 'it does not answer: devices may not be able to connect',
      },
    ]
  const findings: Finding[] = [
    { check: 'gateway', result: 'ok', finding: `${value('lintel_connected_devices')} devices connected` },
  ]
  for (const [, consumer, lag] of text.matchAll(/^lintel_consumer_lag\{consumer="(\w+)"\} (\d+)/gm)) {
    const finding = `${lag} records behind the journal`
    findings.push({ check: consumer!, result: Number(lag) > lagWarning ? 'warning' : 'ok', finding })
  }
  for (const [, part, age] of text.matchAll(/^lintel_metrics_age_seconds\{part="(\w+)"\} (\S+)/gm)) {
    if (!(Number(age) > silentS)) continue
    const finding = `it has not answered for ${Math.round(Number(age))} s: see the log`
    findings.push({ check: part!, result: 'problem', finding })
  }
  const looking = value('lintel_tagger_workers_ready')
  if (configured.taggerWorkers > 0 && !(looking > 0))
    findings.push({
      check: 'tagger',
      result: 'warning',
      finding: 'nobody looks at pictures: workers are starting, or the log says why not',
    })
  else if (value('lintel_tagger_backlog') >= configured.taggerMaxBacklog / 2)
    findings.push({ check: 'tagger', result: 'warning', finding: 'more pictures come than it can look at' })
  if (configured.uplink) findings.push(uplink(value))
  findings.push(...store(value))
  if (value('lintel_journal_refusing') === 1)
    findings.push({
      check: 'journal',
      result: 'problem',
      finding: 'it refuses devices: it or its disk is full',
    })
  return findings
}

function store(value: (name: string) => number): Finding[] {
  const missing = value('lintel_store_missing_rows') || 0
  const freed = value('lintel_store_freed_positions_total') || 0
  if (missing + freed > 0) {
    const finding = `${missing + freed} rows were lost with the store and are not in the journal any more: lintel ledger says since when`
    return [{ check: 'store', result: 'problem', finding }]
  }
  if (!(value('lintel_journal_forks_total') > 0)) return []
  const finding =
    'the journal was replaced by an older copy of itself: what came after the copy is in the store alone'
  return [{ check: 'journal', result: 'warning', finding }]
}

function uplink(value: (name: string) => number): Finding {
  if (value('lintel_uplink_refused') === 1)
    return { check: 'uplink', result: 'problem', finding: 'the centre refuses something: the log says what' }
  if (value('lintel_uplink_connected') === 1) return { check: 'uplink', result: 'ok', finding: 'connected' }
  return { check: 'uplink', result: 'problem', finding: 'not connected to the centre: the log says why' }
}
