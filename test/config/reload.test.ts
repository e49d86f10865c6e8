import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../config/config.ts'
import { reloadedConfig } from '../../config/reload.ts'

const hook = { kind: 'webhook', url: 'https://a.example' }
const files = { certFile: 'a', keyFile: 'a' }

describe('a configuration that is read again', () => {
  const cases: { title: string; before?: object; after: object; taken?: string[]; waiting?: string[] }[] = [
    { title: 'that is the same changes nothing', after: {} },
    { title: 'takes the level of the log', after: { log: { level: 'debug' } }, taken: ['log.level'] },
    { title: 'takes channels as a whole', before: { alerts: { channels: { a: hook } } }, after: { alerts: { channels: { b: hook } } }, taken: ['alerts.channels'] },
    { title: 'takes other files of TLS', before: { mqtt: { tls: files, websocket: { tls: files } } }, after: { mqtt: { tls: { ...files, certFile: 'b' }, websocket: { tls: { ...files, clientCaFile: 'c' } } } }, taken: ['mqtt.tls.certFile', 'mqtt.websocket.tls.clientCaFile'] },
    { title: 'takes what is meant', after: { mqtt: { acceptPlaintext: true }, http: { acceptPlaintext: true } }, taken: ['mqtt.acceptPlaintext', 'http.acceptPlaintext'] },
    { title: 'leaves everything else to a restart', after: { zone: 'UTC', mqtt: { tls: files, tcp: { port: 1 } }, alerts: { keepDays: 9 }, retention: { door: 3 } }, waiting: ['zone', 'mqtt.tcp.port', 'mqtt.tls', 'alerts.keepDays', 'retention.door'] },
    { title: 'leaves a section that is gone to a restart', before: { mqtt: { tls: files } }, after: {}, waiting: ['mqtt.tls'] },
    { title: 'takes the one and leaves the other', after: { log: { level: 'warn' }, http: { port: 1 } }, taken: ['log.level'], waiting: ['http.port'] },
  ] // biome-ignore format: a table
  for (const { title, before = {}, after, taken = [], waiting = [] } of cases)
    test(title, () => {
      const [now, next] = [parseConfig(before), parseConfig(after)]
      const told = reloadedConfig(now, next)
      expect([[...told.taken].sort(), [...told.waiting].sort()]).toEqual([
        [...taken].sort(),
        [...waiting].sort(),
      ])
      // Read once more, it has nothing new; what waits, waits.
      const again = reloadedConfig(told.config, next)
      expect([again.taken, [...again.waiting].sort()]).toEqual([[], [...waiting].sort()])
      expect(parseConfig(told.config)).toEqual(waiting.length === 0 ? next : told.config)
    })
})
