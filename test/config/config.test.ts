import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseConfig, readConfig } from '../../config/config.ts'
import { LintelError } from '../../core/errors.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const miB = 1024 * 1024
const giB = 1024 * miB

const defaults = {
  zone: 'Asia/Shanghai',
  mqtt: {
    tcp: { host: '127.0.0.1', port: 1883 },
    acceptPlaintext: false,
    maxConnections: 10_000,
    maxUnidentified: 1000,
    maxPacketBytes: 2 * miB,
    maxInFlightPerDevice: 64,
    maxInFlightBytes: 64 * miB,
  },
  http: {
    host: '127.0.0.1',
    port: 8080,
    acceptPlaintext: false,
    trustProxy: [],
    maxConnections: 1000,
    sessionIdleS: 8 * 3600,
    sessionMaxS: 86_400,
  },
  audit: { keepDays: 1095 },
  alerts: { keepDays: 1095, channels: {} },
  flow: { minCount: 10 },
  retention: {},
  journal: {
    maxBytes: 10 * giB,
    reserveBytes: giB,
    retainS: 3600,
    maxRememberedIds: 50_000_000,
    maxParked: 10_000,
  },
  snapshots: {
    maxBytes: miB,
    maxWaitingBytes: 2 * giB,
    maxWaitingS: 3600,
    maxEdgePx: 960,
    keepBytes: 20 * giB,
    keepS: 30 * 86_400,
  },
  tagger: { workers: 1, threads: 1, maxBacklog: 500, timeoutS: 15, maxWorkerBytes: 380 * miB },
  store: { memoryBytes: 512 * miB, threads: 2 },
  processes: { patienceS: 60 },
  log: { level: 'info' },
}

function problemsOf(act: () => unknown): string[] {
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(LintelError)
    expect((error as LintelError).code).toBe('CONFIG_INVALID')
    return (error as LintelError).message.split('\n')
  }
  return []
}

describe('a configuration', () => {
  for (const empty of [{}, undefined, null, { mqtt: {}, http: {}, store: {} }]) {
    test(`has every default where ${JSON.stringify(empty) ?? 'nothing'} is given`, () => {
      expect(parseConfig(empty)).toEqual(defaults)
    })
  }

  test('keeps what is given and fills in what is not, also inside a choice', () => {
    const { mqtt } = parseConfig({ mqtt: { tcp: { port: 1884 }, maxConnections: 5 } })
    expect(mqtt).toEqual({ ...defaults.mqtt, tcp: { host: '127.0.0.1', port: 1884 }, maxConnections: 5 })
  })

  test('has TLS and WebSocket only where they are given, with defaults of their own', () => {
    const files = { certFile: 'a.pem', keyFile: 'a.key' }
    const { mqtt } = parseConfig({ mqtt: { tcp: false, tls: files, websocket: { tls: files } } })
    expect(mqtt.tcp).toBe(false)
    expect(mqtt.tls).toEqual({ host: '127.0.0.1', port: 8883, ...files, clientCertificates: 'none' })
    expect(mqtt.websocket).toEqual({
      host: '127.0.0.1',
      port: 8083,
      tls: { ...files, clientCertificates: 'none' },
    })
  })

  test('is frozen to its depth, and leaves what it was made from alone', () => {
    const given = { mqtt: { tcp: { port: 1 } } }
    const config = parseConfig(given)
    expect(() => Object.assign(config.journal, { maxBytes: 1 })).toThrow(TypeError)
    expect(() => Object.assign(config.mqtt.tcp, { port: 2 })).toThrow(TypeError)
    expect(given).toEqual({ mqtt: { tcp: { port: 1 } } })
  })

  const files = { certFile: 'a', keyFile: 'b' }
  const wrong: { given: unknown; say: string[] }[] = [
    { given: 'x', say: ['the file: must have members'] },
    { given: [], say: ['the file: must have members'] },
    { given: { foo: 1, bar: 2 }, say: ['the file: unknown key foo, bar'] },
    { given: { mqtt: { hots: 'x' } }, say: ['mqtt: unknown key hots'] },
    { given: { mtt: {} }, say: ['the file: unknown key mtt (did you mean mqtt?)'] },
    {
      given: { mqtt: { maxConnection: 1 } },
      say: ['mqtt: unknown key maxConnection (did you mean maxConnections?)'],
    },
    { given: { mqtt: { TLS: {} } }, say: ['mqtt: unknown key TLS (did you mean tls?)'] },
    {
      given: { uplink: { url: 'mqtt://a', account: 'a', tokenFile: 'a', tokenFiel: 'b' } },
      say: ['uplink: unknown key tokenFiel (did you mean tokenFile?)'],
    },
    {
      given: { alerts: { channels: { a: { kind: 'log', site: ['x'] } } } },
      say: ['alerts.channels.a: unknown key site (did you mean sites?)'],
    },
    { given: { mqtt: null }, say: ['mqtt: is empty: give it a value or leave it out'] },
    { given: { mqtt: 5 }, say: ['mqtt: must have members'] },
    { given: { mqtt: { tcp: true } }, say: ['mqtt.tcp: must be false or have members'] },
    { given: { mqtt: { tcp: 1883 } }, say: ['mqtt.tcp: must be false or have members'] },
    { given: { mqtt: { tcp: null } }, say: ['mqtt.tcp: must be false or have members'] },
    { given: { mqtt: { tcp: { prt: 1 } } }, say: ['mqtt.tcp: unknown key prt (did you mean port?)'] },
    { given: { mqtt: { tcp: { port: 'x' } } }, say: ['mqtt.tcp.port: must be integer'] },
    { given: { mqtt: { tcp: { port: 65_536 } } }, say: ['mqtt.tcp.port: must be <= 65535'] },
    { given: { mqtt: { tls: {} } }, say: ['mqtt.tls: certFile, keyFile is missing'] },
    { given: { mqtt: { tls: null } }, say: ['mqtt.tls: is empty: give it a value or leave it out'] },
    {
      given: { mqtt: { tcp: false } },
      say: ['mqtt: no device could connect: give it at least one of tcp, tls, websocket'],
    },
    {
      given: { mqtt: { tls: { ...files, clientCertificates: 'required' } } },
      say: ['mqtt.tls: clientCertificates needs a clientCaFile to check them with'],
    },
    { given: { log: { level: 'loud' } }, say: ['log.level: must be one of debug, info, warn, error'] },
    { given: { zone: 'Mars/Olympus' }, say: ['zone: "Mars/Olympus" is not an IANA time zone'] },
    { given: { zone: '+08:00' }, say: ['zone: "+08:00" is not an IANA time zone'] },
    { given: { journal: { retainS: 0 } }, say: ['journal.retainS: must be >= 1'] },
    { given: { store: { memoryBytes: 1 } }, say: [`store.memoryBytes: must be >= ${64 * miB}`] },
    {
      given: { zone: 'x', foo: 1, http: { port: -1 }, mqtt: { tcp: { port: 'x' }, maxConnections: 1.5 } },
      say: [
        'http.port: must be >= 0',
        'mqtt.maxConnections: must be integer',
        'mqtt.tcp.port: must be integer',
        'the file: unknown key foo',
        'zone: "x" is not an IANA time zone',
      ],
    },
  ]
  const forms = {
    http: { publicUrl: 'lintel.example' },
    uplink: { url: 'centre.example', account: 'the gate', tokenFile: 't' },
    store: { influx: { url: 'localhost:8086', database: 'd' } },
  }
  wrong.push({
    given: forms,
    say: [
      'http.publicUrl: must be http:// or https:// and a host, with no path',
      'store.influx.url: must be an address of http: or https:',
      'uplink.account: must be an id: 1 to 64 of A-Z, a-z, 0-9, _ and -',
      'uplink.url: must be an address of mqtt:, mqtts:, ws: or wss:',
    ],
  })
  for (const { given, say } of wrong) {
    test(`is refused, with every problem in a line of its own: ${JSON.stringify(given)}`, () => {
      expect(problemsOf(() => parseConfig(given)).sort()).toEqual(say)
    })
  }
})

test('a configuration is refused with every problem, however many there are', () => {
  const count = 16
  const duty = { kind: 'feishu', urlFile: 'u', quiet: { from: '24:00', to: '7:00' }, giveUpS: 1 }
  const channels = Object.fromEntries(Array.from({ length: count }, (_, n) => [`duty-${n}`, duty]))
  expect(problemsOf(() => parseConfig({ alerts: { channels }, log: { level: 'loud' } }))).toHaveLength(
    3 * count + 1,
  )
})

describe('a configuration file', () => {
  const fileOf = async (text: string | Buffer) => {
    const path = join(await temporaryDirectory(), 'lintel.yaml')
    writeFileSync(path, text)
    return path
  }

  test('may be YAML, JSON or empty', async () => {
    expect(readConfig(await fileOf('http:\n  port: 9090 # mine\n')).http.port).toBe(9090)
    expect(readConfig(await fileOf('{"http": {"port": 9090}}')).http.port).toBe(9090)
    expect(readConfig(await fileOf('# nothing yet\n'))).toEqual(defaults)
  })

  const broken = [
    {
      title: 'a stray bracket',
      text: 'http: {port: 1',
      say: /must be sufficiently indented|must end with a }/,
    },
    { title: 'a tab for indentation', text: 'http:\n\tport: 1\n', say: /Tabs/i },
    { title: 'a key given twice', text: 'zone: UTC\nzone: UTC\n', say: /unique/ },
    { title: 'two documents', text: 'zone: UTC\n---\nzone: UTC\n', say: /multiple documents/ },
    { title: 'an alias of nothing', text: 'zone: *nowhere\n', say: /nowhere/ },
  ]
  for (const { title, text, say } of broken) {
    test(`with ${title} is refused, by name, in short lines`, async () => {
      const path = await fileOf(text)
      const problems = problemsOf(() => readConfig(path))
      expect(problems.join('\n')).toMatch(say)
      for (const line of problems) expect(line.startsWith(`${path}: `)).toBe(true)
    })
  }

  test('that says something wrong is named with each problem', async () => {
    const path = await fileOf('foo: 1\nhttp: {port: x}\n')
    expect(problemsOf(() => readConfig(path)).sort()).toEqual([
      `${path}: http.port: must be integer`,
      `${path}: the file: unknown key foo`,
    ])
  })

  test('that is not there is refused by name', async () => {
    const path = join(await temporaryDirectory(), 'none.yaml')
    expect(problemsOf(() => readConfig(path))[0]).toMatch(/none\.yaml: there is no such file/)
  })
})
