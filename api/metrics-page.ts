import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../core/clock.ts'

/** Prometheus metrics of one part of the service. */
export interface MetricsSource {
  readonly name: string
  /** If it fails, the part has no metrics, so that the failure shows. */
  readonly read: () => Promise<string>
}

/** How long to wait for a slow part before using its last answer. */
const patienceMs = 800

interface Told {
  text: string
  /** Time of the answer; before the first one, when the page was created. */
  at: number
  underWay: Promise<void> | undefined
}

/**
 * The metrics of all parts, within a second even if one hangs. Each part is asked by one request at a time, so a
 * hanging one is not asked again meanwhile; the age of its answer is shown with it.
 */
export function createMetricsPage(sources: readonly MetricsSource[], clock: Clock): () => Promise<string> {
  const told = new Map(sources.map(({ name }): [string, Told] => [name, { text: '', at: clock(), underWay: undefined }])) // biome-ignore format: one line

  function refresh({ name, read }: MetricsSource): Promise<void> {
    const its = told.get(name)!
    its.underWay ??= (async () => {
      const text = await read().catch(() => '')
      Object.assign(its, { text, at: clock(), underWay: undefined })
    })()
    return its.underWay
  }

  return async () => {
    const givenUp = new AbortController()
    const patience = setTimeout(patienceMs, undefined, { signal: givenUp.signal }).catch(() => {})
    await Promise.race([Promise.all(sources.map(refresh)), patience])
    givenUp.abort()
    const ages = [...told].map(
      ([name, { at }]) => `lintel_metrics_age_seconds{part="${name}"} ${Math.max(0, clock() - at) / 1000}`,
    )
    const head = [
      '# HELP lintel_metrics_age_seconds How old what a part of the service says here is; it does not answer where that grows.',
      '# TYPE lintel_metrics_age_seconds gauge',
    ]
    return mergeFamilies([...[...told.values()].map(({ text }) => text), [...head, ...ages].join('\n')])
  }
}

/** The format allows only one heading per metric, even if several parts report it, such as the resource use of their processes. */
function mergeFamilies(texts: readonly string[]): string {
  const families = new Map<string, { readonly head: Set<string>; readonly samples: string[] }>()
  for (const text of texts) {
    let help = ''
    for (const line of text.split('\n')) {
      if (line === '') continue
      if (line.startsWith('# HELP ')) help = line
      const family = families.get(help) ?? { head: new Set(), samples: [] }
      families.set(help, family)
      if (line.startsWith('# ')) family.head.add(line)
      else family.samples.push(line)
    }
  }
  return `${[...families.values()].flatMap(({ head, samples }) => [...head, ...samples]).join('\n')}\n`
}
