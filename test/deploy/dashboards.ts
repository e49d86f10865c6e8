import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './dockerfile.ts'

export interface Target {
  readonly datasource: { readonly type: 'influxdb' | 'prometheus'; readonly uid: string }
  readonly query?: string
  readonly expr?: string
}

export interface Panel {
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets: readonly Target[]
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { name: string; type: string; query: string }[] }
}

const folder = join(root, 'deploy/grafana/dashboards')
export const dashboards = readdirSync(folder).map(
  name => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Dashboard,
)

/** What is asked of one kind of source, and the panel that asks. */
export const asked = (type: Target['datasource']['type']) =>
  dashboards.flatMap(({ uid, panels }) =>
    panels.flatMap(({ title, targets }) =>
      targets
        .filter(({ datasource }) => datasource.type === type)
        .map(({ query, expr }) => ({ panel: `${uid}: ${title}`, text: (query ?? expr)! })),
    ),
  )

/** As Grafana fills in a query, over the last day; all of a variable unless it is given. */
export function fillIn(text: string, values: Record<string, string> = {}): string {
  const now = Date.now()
  return text
    .replaceAll('$timeFilter', `time >= ${now - 86_400_000}ms and time <= ${now + 60_000}ms`)
    .replaceAll('$__interval', '1h')
    .replaceAll('$__rate_interval', '1m')
    .replaceAll(/\$\{zone:raw\}/g, 'Asia/Shanghai')
    .replaceAll('$instance', '.*')
    .replaceAll(/\$\{(\w+):regex\}/g, (_, name) => values[name] ?? '.*')
}
