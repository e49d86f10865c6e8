import { expect, test } from 'vitest'
import { nearName } from '../../core/near-name.ts'

const known = ['mqtt', 'http', 'maxConnections', 'maxUnidentified', 'tls', 'tcp', 'sites', 'certFile']
const cases = [
  { given: 'mtt', near: 'mqtt' },
  { given: 'mqqt', near: 'mqtt' },
  { given: 'MQTT', near: 'mqtt' },
  { given: 'maxConnection', near: 'maxConnections' },
  { given: 'maxConn', near: 'maxConnections' },
  { given: 'site', near: 'sites' },
  { given: 'certFiel', near: 'certFile' },
  { given: 'tsl', near: 'tls' },
  { given: 'x', near: undefined },
  { given: 'ab', near: undefined },
  { given: 'colour', near: undefined },
]
for (const { given, near } of cases)
  test(`near ${given} is ${near ?? 'nothing'}`, () => expect(nearName(given, known)).toBe(near))
