import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TSchema } from 'typebox'
import { describe, expect, test } from 'vitest'
import { configFindings } from '../../cli/doctor/config-findings.ts'
import { namedFileFaults } from '../../cli/doctor/named-files.ts'
import { parseConfig } from '../../config/config.ts'
import { ConfigSchema } from '../../config/schema.ts'
import { systemClock } from '../../core/clock.ts'
import { createAuthority } from '../support/certificates.ts'
import { lintel } from '../support/command.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('check-config refuses what up would of channels: rules, files and secrets, each in a line', async () => {
  const directory = await temporaryDirectory()
  const file = join(directory, 'lintel.yaml')
  const secret = join(directory, 'secret')
  writeFileSync(secret, 'short')
  const tickets = { kind: 'webhook', urlFile: join(directory, 'none'), secretFile: secret, rules: ['held'] }
  writeFileSync(file, JSON.stringify({ alerts: { channels: { tickets } } }))
  const { code, stderr } = await lintel('check-config', '--config', file)
  expect(code).toBe(78)
  const at = `${file}: alerts.channels.tickets: `
  expect(stderr.replace('CONFIG_INVALID: ', '').trimEnd().split('\n')).toEqual([
    expect.stringContaining(`${at}rules: there is no held; there are door-forced, `),
    `${at}urlFile cannot be read: ${join(directory, 'none')}: there is no such file`,
    `${at}secretFile: a secret has 16 bytes at least`,
  ])
})

test('check-config tells of files that are not there beside what else is wrong', async () => {
  const directory = await temporaryDirectory()
  const file = join(directory, 'lintel.yaml')
  const missing = join(directory, 'key.pem')
  writeFileSync(
    file,
    `mqtt: { tls: { port: 99999, certFile: ${file}, keyFile: ${missing} } }\nretenion: {}\n`,
  )
  const { code, stderr } = await lintel('check-config', '--config', file)
  expect(code).toBe(78)
  expect(stderr.trimEnd().split('\n')).toEqual([
    expect.stringContaining('retention'),
    expect.stringContaining('mqtt.tls.port'),
    `${file}: mqtt.tls.keyFile cannot be read: ${missing}: there is no such file`,
  ])
})

describe('files that a configuration names', () => {
  const none = '/nowhere/at/all'
  const tls = { certFile: none, keyFile: none }
  const uplink = { url: 'mqtt://a', account: 'a', tokenFile: none }
  const influx = { url: 'https://a', version: 1, database: 'a' }
  const email = { kind: 'email', from: 'a', to: ['a@b.example'], host: 'a' }
  const cases: Record<string, { given: object; say: RegExp }> = {
    'mqtt.tls.certFile': { given: { mqtt: { tls } }, say: /^mqtt\.tls\.certFile cannot be read/ },
    'mqtt.websocket.tls.certFile': { given: { mqtt: { websocket: { tls } } }, say: /^mqtt\.websocket\.tls\.certFile cannot be read/ },
    'snapshots.originals.keyFile': { given: { snapshots: { originals: { keyFile: none } } }, say: /^snapshots\.originals\.keyFile cannot/ },
    'tagger.manifest': { given: { tagger: { manifest: none } }, say: /^tagger\.manifest: / },
    'uplink.tokenFile': { given: { uplink }, say: /^uplink\.tokenFile cannot be read: \/nowhere\/at\/all: there is no such file$/ },
    'uplink.caFile': { given: { uplink: { ...uplink, tokenFile: '/dev/null', caFile: none } }, say: /^uplink\.caFile cannot/ },
    'store.influx.userFile': { given: { store: { influx: { ...influx, userFile: none, passwordFile: '/dev/null' } } }, say: /^store\.influx\.userFile cannot/ },
    'store.influx.passwordFile': { given: { store: { influx: { ...influx, userFile: '/etc/hostname', passwordFile: none } } }, say: /^store\.influx\.passwordFile cannot/ },
    'store.influx.tokenFile': { given: { store: { influx: { ...influx, version: 3, tokenFile: none } } }, say: /^store\.influx\.tokenFile cannot/ },
    'store.influx.caFile': { given: { store: { influx: { ...influx, caFile: none } } }, say: /^store\.influx\.caFile cannot/ },
    'alerts.channels.urlFile': { given: { alerts: { channels: { a: { kind: 'wecom', urlFile: none } } } }, say: /^alerts\.channels\.a: urlFile cannot/ },
    'alerts.channels.secretFile': { given: { alerts: { channels: { a: { kind: 'webhook', url: 'https://a', secretFile: none } } } }, say: /^alerts\.channels\.a: secretFile cannot/ },
    'alerts.channels.caFile': { given: { alerts: { channels: { a: { kind: 'webhook', url: 'https://a', caFile: none } } } }, say: /^alerts\.channels\.a: caFile cannot/ },
    'alerts.channels.passwordFile': { given: { alerts: { channels: { a: { ...email, user: 'a', passwordFile: none } } } }, say: /^alerts\.channels\.a: passwordFile cannot/ },
  } // biome-ignore format: a table
  for (const [key, { given, say }] of Object.entries(cases))
    test(`${key} has to be there`, () => {
      expect(namedFileFaults(parseConfig(given))).toEqual([expect.stringMatching(say)])
    })

  test('keyFile and clientCaFile have to be there, and to go with the certificate', async () => {
    const authority = createAuthority(await temporaryDirectory(), 'ca')
    const [one, other] = [authority.issue('localhost'), authority.issue('localhost')]
    const faults = (change: object) => namedFileFaults(parseConfig({ mqtt: { tls: { ...one, ...change } } }))
    expect(faults({})).toEqual([])
    expect(faults({ keyFile: none })).toEqual([expect.stringMatching(/^mqtt\.tls\.keyFile cannot be read/)])
    expect(faults({ clientCaFile: none })).toEqual([expect.stringMatching(/^mqtt\.tls\.clientCaFile cannot/)])
    expect(faults({ keyFile: other.keyFile })).toEqual([expect.stringMatching(/do not go together/)])
  })

  test('are all of those that the schema has', () => {
    // The keys of TLS are tested above; that of metrics may be missing, and is a warning.
    const above = /\.(?:keyFile|clientCaFile)$|^http\.metricsTokenFile$/
    const known = fileKeys(ConfigSchema, []).filter(
      key => key === 'snapshots.originals.keyFile' || !above.test(key),
    )
    expect(known.sort()).toEqual(Object.keys(cases).sort())
  })
})

/** Names of keys that hold a path, by what they are called. */
function fileKeys(schema: TSchema, path: readonly string[]): string[] {
  const {
    properties = {},
    patternProperties = {},
    anyOf = [],
  } = schema as { [part: string]: Record<string, TSchema> } & { anyOf?: TSchema[] }
  const own = Object.entries(properties).flatMap(([name, member]) =>
    /File$|^manifest$/.test(name) ? [[...path, name].join('.')] : fileKeys(member, [...path, name]),
  )
  return [own, ...Object.values(patternProperties).map(member => fileKeys(member, path)), ...(anyOf as TSchema[]).map(member => fileKeys(member, path))].flat() // biome-ignore format: one list
}

test('a certificate that ends soon, or has ended, is told', async () => {
  const tls = createAuthority(await temporaryDirectory(), 'ca').issue('localhost')
  const config = parseConfig({ mqtt: { tls } })
  const now = systemClock()
  const told = (at: number) => configFindings(config, at).map(({ result }) => result)
  expect([told(now), told(now + 3 * 86_400_000), told(now - 30 * 86_400_000)]).toEqual([
    ['warning'],
    ['problem'],
    ['ok'],
  ])
})

test('check-config says ok and what it comes to in some lines, all of it with --full or --json, and warns beside it', async () => {
  const directory = await temporaryDirectory()
  const file = join(directory, 'lintel.yaml')
  writeFileSync(
    file,
    `{ mqtt: { tcp: { host: 0.0.0.0 } }, http: { metricsTokenFile: ${join(directory, 'none')} } }`,
  )
  const [short, full, json] = await Promise.all(
    [[], ['--full'], ['--json']].map(args => lintel('check-config', '--config', file, ...args)),
  )
  expect(short!.stdout).toMatch(
    new RegExp(`^${file}: ok\n  MQTT +0\\.0\\.0\\.0:1883\n  API +http://127\\.0\\.0\\.1:8080\n`),
  )
  expect(short!.stdout.split('\n').length).toBeLessThan(12)
  const warnings = short!.stderr.trimEnd().split('\n')
  expect(warnings).toEqual([
    expect.stringMatching(/^warning: mqtt\.tcp: listens on 0\.0\.0\.0:1883 without TLS/),
    expect.stringMatching(/^warning: http: http\.metricsTokenFile cannot be read/),
  ])
  for (const { stdout, code } of [full!, json!])
    expect([code, JSON.parse(stdout)]).toMatchObject([
      0,
      { journal: { retainS: 3600 }, mqtt: { tcp: { host: '0.0.0.0' } } },
    ])
}, 30_000)
