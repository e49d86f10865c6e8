import mqtt from 'mqtt'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { columnFieldsOf, type StoredKind, storedKinds } from '../../devices/contract/kinds.ts'
import {
  placeTopic,
  sightingTopic,
  statusTopic,
  eventTopic as topicOf,
} from '../../devices/contract/topics.ts'
import { isTag } from '../../ingest/store/influx-lines.ts'
import { eventually } from '../support/eventually.ts'
import { describeInfluxd } from '../support/influxd.ts'
import { startNode } from '../support/nodes.ts'
import { asked, dashboards, fillIn } from './dashboards.ts'
import { readRoot } from './dockerfile.ts'

describe('the dashboards', () => {
  test('are titled in Chinese and English, and their panels lie side by side', () => {
    const overlap = (a: (typeof panels)[number], b: (typeof panels)[number]) =>
      a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
    let panels: { x: number; y: number; w: number; h: number }[] = []
    for (const dashboard of dashboards) {
      for (const { title } of [dashboard, ...dashboard.panels])
        expect(title).toMatch(/[\u4e00-\u9fff].* [A-Z]/)
      panels = dashboard.panels.map(({ gridPos }) => gridPos)
      for (const one of panels) {
        expect(one.x + one.w).toBeLessThanOrEqual(24)
        expect(panels.filter(other => other !== one && overlap(one, other))).toEqual([])
      }
    }
  })

  test('name the sources that are provisioned', () => {
    const provisioned = ['prometheus', 'influxdb'].flatMap(name => {
      const { datasources } = parse(readRoot(`deploy/grafana/provisioning/datasources/${name}.yml`)) as {
        datasources: { uid: string }[]
      }
      return datasources.map(({ uid }) => uid)
    })
    const used = new Set(
      dashboards.flatMap(({ panels }) =>
        panels.flatMap(({ targets }) => targets.map(({ datasource }) => datasource.uid)),
      ),
    )
    expect([...used].sort()).toEqual(provisioned.sort())
  })

  const tags = ['site', 'building', 'point', 'device', 'zone', 'journal']
  test.each(asked('influxdb'))('$panel asks for what is in an InfluxDB', ({ text }) => {
    const [, from] = /FROM ((?:"\w+"(?:, )?)+)/.exec(text)!
    const kinds = [...from!.matchAll(/"(\w+)"/g)].map(([, kind]) => kind as StoredKind)
    const aliases = [...text.matchAll(/ AS "(\w+)"/g)].map(([, name]) => name!)
    for (const kind of kinds) {
      expect(storedKinds).toContain(kind)
      const fields = columnFieldsOf(kind)
      const known = new Set([
        ...tags,
        'n',
        'receivedMs',
        'late',
        'skewed',
        ...aliases,
        ...fields.map(({ name }) => name),
      ])
      const rest = text.replace(` FROM ${from}`, '')
      for (const [, name] of rest.matchAll(/"(\w+)"/g)) expect(known).toContain(name)
      // A function of a tag, or a group by a field, gives nothing and says nothing.
      const tagged = new Set([...tags, ...fields.filter(isTag).map(({ name }) => name)])
      for (const [, name] of text.matchAll(/(?:sum|last|count|top|bottom)\("(\w+)"/g))
        expect(tagged).not.toContain(name)
      for (const [, group] of text.matchAll(/GROUP BY ([^)]*?)(?: fill|\)|$)/g))
        for (const [, name] of group!.matchAll(/"(\w+)"/g)) expect(tagged).toContain(name)
    }
  })
})

const passage = { direction: 'in', result: 'granted', method: 'card', holder: 'resident' }
/** One of everything that a panel shows. */
const reported: readonly (readonly [type: string, data: object])[] = [
  ['passage', passage],
  ['passage', { ...passage, direction: 'out' }],
  ['passage', { ...passage, result: 'denied', reason: 'expired' }],
  ['vehicle', { class: 'car', direction: 'in', lane: 1 }],
  ['door', { state: 'forced' }],
  ['door', { state: 'held', openMs: 90_000 }],
  ['tamper', { part: 'case', active: true }],
  ['health', { uptimeS: 60, firmware: '1.2.3', rssiDbm: -71, temperatureC: 41, queued: 3 }],
]

describeInfluxd('the dashboards that read InfluxDB', influxd => {
  test('get rows from one that the service has filled, for all places and for one', {
    timeout: 120_000,
  }, async () => {
    const database = 'dashboards'
    const { service } = await startNode('up', {
      tagger: { workers: 0 },
      store: { influx: { url: influxd().url, database } },
    })
    const account = { device: 'edge-1', kind: 'gateway', site: '南社', building: 'office', point: 'rack' }
    const { token } = (await service.operations.addDevice(account)) as { token: string }
    const client = await mqtt.connectAsync(`mqtt://${service.mqtt.host}:${service.mqtt.port}`, {
      clientId: 'edge-1',
      username: 'edge-1',
      password: token,
    })
    onTestFinished(() => client.endAsync(true))
    const say = (topic: string, payload: unknown) =>
      client.publishAsync(topic, JSON.stringify(payload), { qos: 1 })
    const time = new Date().toISOString()
    const late = new Date(Date.now() - 3_600_000).toISOString()
    const place = { kind: 'terminal', site: '南社', building: '12栋', point: '正门', zone: 'Asia/Shanghai' }
    await say(placeTopic('d1'), place)
    await say(topicOf('d1'), [
      ...reported.map(([type, data], i) => ({ id: `e${i}`, type, time, data })),
      ...['passage', 'door', 'vehicle'].flatMap(type => {
        const data = reported.find(([other]) => other === type)![1]
        return [
          { id: `late-${type}`, type, time: late, data },
          { id: `skewed-${type}`, type, time, skewed: true, data },
        ]
      }),
    ])
    await say(statusTopic('d1'), { state: 'online', id: 's1', time })
    const flags = { dark: true, bright: true, blurred: true, covered: true, frozen: true }
    await say(sightingTopic('d1'), [
      { id: 'e0', time, data: { outcome: 'seen', model: 'nanodet-g', person: 2, ...flags } },
    ])
    await eventually(async () => {
      const { difference, queued, stored } = (await service.operations.ledger()).total
      return difference === 0 && queued === 0 && stored > 0
    }, 20_000)

    const seen = async (statement: string) => {
      const { results } = (await influxd().ask(statement, database)) as {
        results: { error?: string; series?: { values: unknown[][] }[] }[]
      }
      const rows = results[0]!.series?.flatMap(({ values }) => values) ?? []
      return {
        error: results[0]!.error,
        rows: rows.filter(([, ...values]) => values.some(value => value !== null && value !== 0)).length,
      }
    }
    // It was sent last, and the ledger, which is of what devices report, does not wait for it.
    await eventually(async () => (await seen('SELECT "person" FROM "sighting"')).rows > 0)
    for (const values of [{}, { site: '南社', building: '(12栋|office)' }]) {
      for (const { panel, text } of asked('influxdb')) {
        const { error, rows } = await seen(fillIn(text, values))
        expect({ panel, error, hasRows: rows > 0 }).toEqual({ panel, error: undefined, hasRows: true })
      }
    }
    for (const { name, type, query } of dashboards.flatMap(({ templating }) => templating.list)) {
      if (type !== 'query' || name === 'instance') continue
      expect(await seen(fillIn(query)), name).toMatchObject({ error: undefined, rows: expect.any(Number) })
    }
    const elsewhere = await seen(fillIn(asked('influxdb')[0]!.text, { site: 'elsewhere' }))
    expect(elsewhere.rows).toBe(0)
  })
})
