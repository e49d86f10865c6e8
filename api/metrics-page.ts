import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../core/clock.ts'

/** What one part of the service tells Prometheus. */
export interface MetricsSource {
  readonly name: string
  /** A part that fails tells nothing: its metrics are gone, so that it is seen. */
  readonly read: () => Promise<string>
}

/** Who asks waits so long for a part that is slow, and then gets what it said last. */
const patienceMs = 800

interface Told {
  text: string
  /** When; at first, when it began to be asked. */
  at: number
  underWay: Promise<void> | undefined
}

/**
 * All of them together, within a second whatever hangs. A part is asked once at a time, so that one that hangs is
 * asked by nobody else meanwhile; how old what it said is stands beside it.
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

/** A metric that several parts tell, such as what their processes use, is headed once: the format has it so. */
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
