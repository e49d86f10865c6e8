import { expect, test } from 'vitest'
import { type ReloadParts, reload } from '../../cli/reload.ts'
import { type Config, parseConfig } from '../../config/config.ts'
import { LintelError } from '../../core/errors.ts'

/** What is said and taken when the file holds `next`. */
async function readAgain(next: object | Error, faults: readonly string[] = [], before = {}) {
  const lines: unknown[][] = []
  const taken: Config[] = []
  const say = (level: string) => (facts: object, text: string) => void lines.push([level, facts, text])
  await reload({
    inForce: () => parseConfig(before),
    read() {
      if (next instanceof Error) throw next
      return parseConfig(next)
    },
    faultsOf: async () => faults,
    take: config => void taken.push(config),
    log: { info: say('info'), warn: say('warn'), error: say('error') } as unknown as ReloadParts['log'],
  })
  return { lines, taken }
}

test('what can be taken is taken, also where only files have changed, in one line of the log', async () => {
  const { lines, taken } = await readAgain({ log: { level: 'debug' } })
  expect(taken).toMatchObject([{ log: { level: 'debug' } }])
  expect(lines).toEqual([
    ['info', { taken: ['log.level'], files: [] }, 'the configuration and its files are read again'],
  ])
  expect((await readAgain({})).taken).toHaveLength(1)
})

test('what needs a restart is named in that line, and is not in force', async () => {
  const { lines, taken } = await readAgain({ log: { level: 'debug' }, http: { port: 1 }, zone: 'UTC' })
  expect(taken).toMatchObject([{ log: { level: 'debug' }, http: { port: 8080 }, zone: 'Asia/Shanghai' }])
  expect(lines).toEqual([
    ['warn', { taken: ['log.level'], files: [], waiting: ['zone', 'http.port'] }, expect.stringMatching(/a restart is needed for zone, http\.port$/)],
  ]) // biome-ignore format: one line
})

test('a file that is wrong, or names what is wrong, changes nothing', async () => {
  const goesOn = 'the configuration is not taken: what was in force goes on'
  const invalid = await readAgain(new LintelError('CONFIG_INVALID', 'a.yaml: mqtt: unknown key mtt'))
  expect(invalid).toEqual({ taken: [], lines: [['error', { code: 'CONFIG_INVALID', error: 'a.yaml: mqtt: unknown key mtt' }, goesOn]] }) // biome-ignore format: one line
  const wrong = await readAgain({ log: { level: 'debug' } }, ['mqtt.tls.certFile cannot be read', 'x'])
  expect(wrong).toEqual({ taken: [], lines: [['error', { code: 'CONFIG_INVALID', error: 'mqtt.tls.certFile cannot be read\nx' }, goesOn]] }) // biome-ignore format: one line
})

test('the line names the files that are read again, also where their names are as before', async () => {
  const tls = { port: 8883, certFile: '/etc/lintel/cert.pem', keyFile: '/etc/lintel/key.pem' }
  const { lines } = await readAgain({ mqtt: { tls } }, [], { mqtt: { tls } })
  expect(lines).toMatchObject([
    [
      'info',
      {
        taken: [],
        files: ['mqtt.tls.certFile: /etc/lintel/cert.pem', 'mqtt.tls.keyFile: /etc/lintel/key.pem'],
      },
      expect.any(String),
    ],
  ])
})
