import { describe, expect, test } from 'vitest'
import { contextOf, parseAddress } from '../../cli/options.ts'

describe('an address', () => {
  const good = [
    { text: '127.0.0.1:1883', host: '127.0.0.1', port: 1883 },
    { text: '0.0.0.0:0', host: '0.0.0.0', port: 0 },
    { text: 'door.local:65535', host: 'door.local', port: 65_535 },
    { text: '[::1]:1883', host: '::1', port: 1883 },
    { text: '1883', host: '127.0.0.1', port: 1883 },
    { text: ':1883', host: '127.0.0.1', port: 1883 },
  ]
  for (const { text, ...address } of good)
    test(`${text} is read`, () => expect(parseAddress(text, '--mqtt')).toEqual(address))

  for (const text of [
    '',
    'host',
    'host:',
    'host:x',
    'host:65536',
    '::1:1883',
    'host:-1',
    'host:123456',
    '[::1]',
    'a b:1',
    'mqtt://host:1883',
  ]) {
    test(`${JSON.stringify(text)} is refused by the option's name`, () => {
      expect(() => parseAddress(text, '--mqtt')).toThrow(
        expect.objectContaining({
          code: 'CONFIG_INVALID',
          message: expect.stringContaining('--mqtt must be HOST:PORT'),
        }),
      )
    })
  }
})

test('a command has every default where no configuration is named', () => {
  const { data, config, json } = contextOf({ data: './here' })
  expect({ data, json, port: config.http.port }).toEqual({ data: './here', json: false, port: 8080 })
})

test('a configuration that is named has to be there', () => {
  expect(() => contextOf({ data: '.', config: '/nowhere/at/all.yaml' })).toThrow(
    /all\.yaml: there is no such file/,
  )
})

describe('a service that is named', () => {
  const env = { LINTEL_URL: 'https://there.example', LINTEL_TOKEN: 'lintel_x\n' }
  const given = (options: object, environment: NodeJS.ProcessEnv = {}) =>
    contextOf({ data: '.', ...options }, environment).service()

  test('comes from the environment, or from options, which come first', () => {
    expect(given({})).toBeUndefined()
    expect(given({}, env)).toEqual({ url: 'https://there.example', token: 'lintel_x' })
    expect(given({ url: 'http://here:8080/' }, env)).toEqual({ url: 'http://here:8080', token: 'lintel_x' })
  })

  const wrong = [
    { options: { url: 'https://a' }, message: /--url needs a token/ },
    { options: { url: 'a:8080' }, message: /--url must be such as/ },
    { options: { url: 'https://a/api' }, message: /--url must be such as/ },
    {
      options: { url: 'https://a', tokenFile: '/nowhere/at/all' },
      message: /--token-file: \/nowhere\/at\/all: there is no such file/,
    },
    { options: { tokenFile: 'x' }, message: /--token-file goes with --url/ },
  ]
  for (const { options, message } of wrong) {
    test(`by ${JSON.stringify(options)} is refused`, () => {
      expect(() => given(options)).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) }),
      )
    })
  }
})
