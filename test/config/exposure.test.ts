import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../config/config.ts'
import { isLoopback, plainListeners, plaintextWarning } from '../../config/exposure.ts'

const named = (given: object) => plainListeners(parseConfig(given)).map(({ name }) => name)
const files = { certFile: 'a', keyFile: 'b' }
const host = '0.0.0.0'

describe('what listens beyond loopback without TLS', () => {
  const cases: { title: string; given: object; names: string[] }[] = [
    { title: 'nothing by default', given: {}, names: [] },
    { title: 'nothing on loopback', given: { mqtt: { tcp: { host: '::1' }, websocket: { host: 'localhost' } }, http: { host: '127.0.0.2' } }, names: [] },
    { title: 'each that does', given: { mqtt: { tcp: { host }, websocket: { host: '10.0.0.1' } }, http: { host: '::' } }, names: ['mqtt.tcp', 'mqtt.websocket', 'http'] },
    { title: 'a name, which may be any address', given: { mqtt: { tcp: { host: 'gate.example' } } }, names: ['mqtt.tcp'] },
    { title: 'not what has TLS', given: { mqtt: { tcp: false, tls: { host, ...files }, websocket: { host, tls: files } } }, names: [] },
    { title: 'not what is meant', given: { mqtt: { tcp: { host }, websocket: { host }, acceptPlaintext: true }, http: { host, acceptPlaintext: true } }, names: [] },
    { title: 'not HTTP behind a proxy that is named', given: { http: { host, trustProxy: ['loopback'] } }, names: [] },
    { title: 'not HTTP that people reach by https', given: { http: { host, publicUrl: 'https://lintel.example' } }, names: [] },
    { title: 'HTTP that people reach by http', given: { http: { host, publicUrl: 'http://lintel.example' } }, names: ['http'] },
  ] // biome-ignore format: a table
  for (const { title, given, names } of cases) test(`is ${title}`, () => expect(named(given)).toEqual(names))

  test('is told with what to do', () => {
    const [listener] = plainListeners(parseConfig({ mqtt: { tcp: { host, port: 1 } } }))
    expect(plaintextWarning(listener!)).toMatch(
      /^listens on 0\.0\.0\.0:1 without TLS: .*mqtt\.tls.*mqtt\.acceptPlaintext/,
    )
  })
})

test('loopback is an address of this machine alone', () => {
  expect(['127.0.0.1', '127.1.2.3', '::1', 'LOCALHOST', '::ffff:127.0.0.1'].every(isLoopback)).toBe(true)
  expect(['0.0.0.0', '::', '10.0.0.1', '127.example', 'localhost.example'].some(isLoopback)).toBe(false)
})
