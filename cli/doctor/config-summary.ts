import type { Config } from '../../config/config.ts'

const daySeconds = 86_400

/** Summarises a configuration, one line per subject: where it listens, where data goes, and how long it stays. */
export function configSummary(config: Config): string[] {
  const rows: [string, string][] = [
    ['MQTT', listenersOf(config).join(', ')],
    ['API', `http://${addressOf(config.http)}${config.http.publicUrl === undefined ? '' : `, people reach it as ${config.http.publicUrl}`}`],
    ['store', config.store.influx === undefined ? 'embedded database' : `InfluxDB at ${config.store.influx.url}`],
    ['kept', keptOf(config)],
    ['alerts', channelsOf(config)],
    ...(config.uplink === undefined ? [] : ([['uplink', `${config.uplink.url} as ${config.uplink.account}`]] as [string, string][])),
    ['zone', config.zone],
    ['log', config.log.level],
  ] // biome-ignore format: a table
  return rows.map(([name, text]) => `  ${name.padEnd(8)}${text}`)
}

function listenersOf({ mqtt: { tcp, tls, websocket } }: Config): string[] {
  return [
    ...(tcp === false ? [] : [addressOf(tcp)]),
    ...(tls === undefined ? [] : [`${addressOf(tls)} (TLS)`]),
    ...(websocket === undefined
      ? []
      : [`${addressOf(websocket)} (WebSocket${websocket.tls === undefined ? '' : ' over TLS'})`]),
  ]
}

const addressOf = ({ host, port }: { readonly host: string; readonly port: number }) =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`

function keptOf({ retention, snapshots }: Config): string {
  const kinds = Object.entries(retention).map(([kind, days]) => `${kind} ${days} days`)
  const rows = kinds.length === 0 ? 'rows for ever' : `rows: ${kinds.join(', ')}, others for ever`
  return `${rows}; pictures ${Math.round(snapshots.keepS / daySeconds)} days`
}

function channelsOf({ alerts: { channels } }: Config): string {
  const named = Object.entries(channels).map(([name, { kind }]) => `${name} (${kind})`)
  return named.length === 0 ? 'in the log alone: no channel is configured' : named.join(', ')
}
