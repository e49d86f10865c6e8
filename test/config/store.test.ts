import { expect, test } from 'vitest'
import { parseConfig } from '../../config/config.ts'
import { messageOf } from '../../core/errors.ts'

const url = 'http://127.0.0.1:8086'
const files = { userFile: 'u', passwordFile: 'p' }

const right: object[] = [
  { url, database: 'd' },
  { url, database: 'd', tokenFile: 't', gzip: true },
  { url, org: 'o', bucket: 'b', tokenFile: 't' },
  { url, version: 1, database: 'd', ...files },
  { url: 'https://influx.example/path/', version: 2, org: 'o', bucket: 'b', tokenFile: 't', caFile: 'c' },
  { url, version: 3, database: 'd' },
  { url, version: 3, database: 'd', tokenFile: 't', timeoutS: 5 },
]
for (const influx of right) {
  test(`store.influx may be ${JSON.stringify(influx)}`, () => {
    const parsed = parseConfig({ store: { influx } }).store
    expect(parsed.influx).toEqual({ timeoutS: 30, ...influx })
    expect(parsed.threads).toBe(2)
  })
}

const wrong: { influx: unknown; say: string[] }[] = [
  { influx: {}, say: ['store.influx: it fits no version: version 1 needs database; version 2 needs org, bucket, tokenFile; version 3 needs database', 'store.influx: url is missing'] },
  { influx: { url }, say: ['store.influx: it fits no version: version 1 needs database; version 2 needs org, bucket, tokenFile; version 3 needs database'] },
  { influx: { url, version: 1, database: 'd', org: 'o', tokenFile: 't' }, say: ['store.influx: version 1 has no org, tokenFile'] },
  { influx: { url, database: 'd', org: 'o', tokenFile: 't' }, say: ['store.influx: it fits no version: version 1 has no org, tokenFile; version 2 needs bucket; version 2 has no database; version 3 has no org'] },
  { influx: { url, database: 'd', userFile: 'u' }, say: ['store.influx: userFile and passwordFile go together'] },
  { influx: { url, version: 2, database: 'd' }, say: ['store.influx: version 2 has no database', 'store.influx: version 2 needs org, bucket, tokenFile'] },
  { influx: { url, version: 3, bucket: 'b', ...files }, say: ['store.influx: version 3 has no bucket, userFile, passwordFile', 'store.influx: version 3 needs database'] },
  { influx: { url, version: 4, database: 'd' }, say: ['store.influx.version: must be one of 1, 2, 3'] },
  { influx: { url: 'http://u:p@host', database: 'd' }, say: ['store.influx: url holds a user or password: put them into files'] },
  { influx: { url: 'http://host/?db=x', database: 'd' }, say: ['store.influx: url ends with its path: leave out what begins with ? or #'] },
  { influx: { url: 'http://a b', database: 'd' }, say: ['store.influx: url cannot be read'] },
  { influx: { url, database: 'd', caFile: 'c' }, say: ['store.influx: caFile needs a url of https:'] },
  { influx: { url, database: 'd', password: 'p' }, say: ['store.influx: unknown key password (did you mean passwordFile?)'] },
  { influx: { url, database: 'd', timeoutS: 0 }, say: ['store.influx.timeoutS: must be >= 1'] },
] // biome-ignore format: a table
for (const { influx, say } of wrong) {
  test(`store.influx is refused, a line for each problem: ${JSON.stringify(influx)}`, () => {
    let problems: string[] = []
    try {
      parseConfig({ store: { influx } })
    } catch (error) {
      problems = messageOf(error).split('\n').sort()
    }
    expect(problems).toEqual(say)
  })
}

const retentions: { config: object; say: string }[] = [
  { config: { retention: { summaries: 90, passage: 100, door: 90, vehicle: 1, sighting: 1 } }, say: 'retention.summaries: 90 days, but passage is kept longer: a summary outlasts its rows' },
  { config: { retention: { summaries: 90, passage: 1, door: 90, vehicle: 1 } }, say: 'retention.summaries: 90 days, but sighting is kept longer: a summary outlasts its rows' },
  { config: { retention: { health: 7 }, store: { influx: { url, version: 3, database: 'd' } } }, say: 'retention: InfluxDB 3 deletes no single rows: give its database a retention period instead' },
  { config: { retention: { health: 0 } }, say: 'retention.health: must be >= 1' },
] // biome-ignore format: a table
for (const { config, say } of retentions) {
  test(`a retention that cannot be is refused: ${say}`, () => {
    expect(() => parseConfig(config)).toThrow(say)
  })
}
