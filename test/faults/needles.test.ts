import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { numberForms } from '../../bench/ids/numbers.ts'
import { startService } from '../../bench/service.ts'
import { dataPaths } from '../../core/data-directory.ts'
import { createRandom } from '../../devices/town/random.ts'
import { eventually } from '../support/eventually.ts'
import { event, passageData, publish } from '../support/messages.ts'
import { samplePicture } from '../support/pictures.ts'
import { printedSeed } from '../support/random.ts'
import { connectPacket, RawClient } from '../support/raw-client.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** Spellings of a number that are found in an id, always: docs/decisions/0006-numbers-in-ids.md. */
const spellings = [
  '3-4-4', '3-4-4 within an id', '86 before it', '0086 before it', '86- before 3-4-4', 'counter of 4 and number',
  'time and number', 'of 15 digits', '6-8-4', '6-4-4-4', '3-3-4-4-4', 'resident number and counter of 3', 'digit by digit',
] as const // biome-ignore format: a list
const words = ['王小明', '李雷Qzx', 'zhang_xiaoming_qx', '粤B8Q88', 'Wang Wei 1990-03-07']
const perDoor = 4

test('a flood of personal numbers and names through every door leaves none in the data, the log or an answer', {
  timeout: 400_000,
}, async () => {
  const random = createRandom('needles', printedSeed('needles'))
  const needles = new Map<string, string>()
  let serial = 0
  /** A number in a spelling of its own, and where it was put. */
  const number = (door: string) => {
    const text = numberForms[spellings[random.integer(0, spellings.length - 1)]!]!(random, Date.now())
    needles.set(text, door)
    return text
  }
  const word = (door: string) => {
    const text = `${words[random.integer(0, words.length - 1)]!}${serial++}x${random.integer(100, 999)}`
    needles.set(text, door)
    return text
  }
  const any = (door: string) => (random.chance(0.5) ? number(door) : word(door))

  const data = await temporaryDirectory()
  const port = await freePort()
  const config = join(await temporaryDirectory(), 'lintel.json')
  writeFileSync(config, JSON.stringify({ mqtt: { websocket: { host: '127.0.0.1', port } } }))
  const service = await startService(data, 0, ['--config', config])
  let isUp = true
  onTestFinished(async () => {
    if (isUp) await service.stop()
  })
  const tokens = new Map<string, string>()
  for (const [device, kind] of [['d1', 'terminal'], ['edge-1', 'gateway']] as const) {
    const row = { device, kind, site: 's', building: 'b', point: device }
    tokens.set(device, ((await service.operations.addDevice(row)) as { token: string }).token)
  } // biome-ignore format: two rows

  const told: string[] = []
  let client: RawClient | undefined
  let messageId = 0
  async function connected(device: string, change: object = {}): Promise<RawClient> {
    const opened = await eventually(() => RawClient.open(service.mqtt.port), 20_000)
    opened.send(connectPacket(device, tokens.get(device)!, change))
    await eventually(() => opened.count('connack') > 0, 20_000)
    opened.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: `lintel/v1/${device}/command`, qos: 1 }] })
    await eventually(() => opened.count('suback') > 0, 20_000)
    return opened
  } // biome-ignore format: two packets
  const hear = (from: RawClient) => {
    for (const packet of from.received) if (packet.cmd === 'publish') told.push(packet.payload.toString())
  }
  /** Until it is acked, or ends the connection. */
  async function send(device: string, topic: string, payload: unknown): Promise<void> {
    if (client === undefined || client.closed) client = await connected(device)
    const to = client
    const id = (messageId++ % 60_000) + 1
    to.send(publish(topic, payload, id))
    await eventually(() => to.closed || to.acks().includes(id), 20_000)
    if (to.closed) hear(to)
  }
  const end = () => {
    if (client !== undefined) hear(client)
    client?.socket.destroy()
    client = undefined
  }
  const time = () => new Date().toISOString()
  const health = (change: object) =>
    event(`h${serial++}`, { type: 'health', data: { uptimeS: 1, ...change } })
  const own = (what: string) => `lintel/v1/d1/${what}`

  for (let n = 0; n < perDoor; n++) {
    await send('d1', own('event'), event(number('id')))
    await send('d1', own('event'), event(number('id of what is parked'), { data: { direction: word('word of the contract') } }))
    await send('d1', own('event'), event(`m${serial++}`, { [word('name of a member')]: any('member'), data: { ...passageData, xm: any('member of the data') } }))
    await send('d1', own('event'), { ...event(`p${serial++}`), type: any('type'), time: any('time'), data: [any('data')] })
    await send('d1', own('event'), `{"${any('malformed')}`)
    await send('d1', own('event'), health({ firmware: number('firmware').replaceAll(/[:~]/g, '.') }))
    await send('d1', own('status'), { state: 'online', firmware: number('firmware of a status').replaceAll(/[:~]/g, '.') })
    await send('d1', own('status'), { state: any('state') })
    await send('d1', own(`snapshot/${number('snapshot topic')}`), await samplePicture('car'))
    await send('d1', own(any('own topic')), 'x')
    await send('d1', `lintel/v1/${any('topic of another')}/event`, 'x')
    await send('d1', any('topic'), 'x')
  } // biome-ignore format: a list of messages
  await send('d1', own('event'), health({ freeBytes: 13_822_226_666, temperatureC: 13.812345678 }))
  for (const digits of ['13822226666', '13.812345678']) needles.set(digits, 'measurement')
  end()

  for (let n = 0; n < perDoor; n++) {
    for (const id of [any('client id'), 'd1']) {
      const stranger = await RawClient.open(service.mqtt.port)
      stranger.send(connectPacket(id, any('password'), { username: id === 'd1' ? any('user name') : id }))
      await stranger.ended()
    }
    const firmware = number('firmware of a will').replaceAll(/[:~]/g, '.')
    const will = { topic: own('status'), payload: Buffer.from(JSON.stringify({ state: 'offline', firmware, name: any('will') })), qos: 1, retain: false } // biome-ignore format: a will
    const leaving = await connected('d1', { will })
    leaving.send({ cmd: 'subscribe', messageId: 2, subscriptions: [{ topic: any('subscription'), qos: 1 }] })
    await eventually(() => leaving.count('suback') > 1, 20_000)
    leaving.socket.resetAndDestroy()
    const path = `/${encodeURIComponent(any('path'))}?phone=${encodeURIComponent(any('query'))}`
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, 'mqtt', {
      headers: { 'x-name': number('header') },
    })
    await new Promise(resolve => socket.once('open', resolve).once('error', resolve))
    socket.terminate()
  }

  const place = { kind: 'terminal', site: 's', building: 'b', point: 'p', zone: 'Asia/Shanghai' }
  const of = (what: string) => `lintel/v1/g1/${what}`
  await send('edge-1', of('place'), place)
  for (let n = 0; n < perDoor; n++) {
    await send('edge-1', `lintel/v1/${number('device of a gateway').replaceAll(/[.:~]/g, '-')}/place`, place)
    await send('edge-1', of('place'), { ...place, building: number('building'), zone: word('zone') })
    await send('edge-1', of('place'), { ...place, point: number('point') })
    await send('edge-1', of('sighting'), { id: number('id of a sighting'), time: time(), data: { outcome: 'seen' } })
    const model = `m-${number('model').toLowerCase().replaceAll(/[_:~]/g, '-')}`
    await send('edge-1', of('sighting'), { id: `s${serial++}`, time: time(), data: { outcome: 'seen', model } })
    needles.set(`ZHANG_XIAOMING_${'QXW'[n % 3]}`, 'reason of a sighting')
    await send('edge-1', of('sighting'), { id: `s${serial++}`, time: time(), data: { outcome: 'unreadable', reason: `ZHANG_XIAOMING_${'QXW'[n % 3]}` } })
    await send('edge-1', of('status'), { state: 'online', id: number('id of a status'), time: time() })
    await send('edge-1', of(any('topic of a gateway')), 'x')
    const picture = await samplePicture('portrait')
    const comment = Buffer.from(any('picture'))
    const segment = Buffer.concat([Buffer.from([0xff, 0xe0, 0, comment.length + 7]), Buffer.from('JFXX\0'), comment])
    const laden = Buffer.concat([picture.subarray(0, 2), segment, picture.subarray(2), Buffer.from(any('behind a picture'))])
    await send('edge-1', of(`snapshot/gp${n}`), laden)
  } // biome-ignore format: a list of messages
  end()

  // Uncovered pictures go once they have been looked at.
  await eventually(() => readdirSync(dataPaths(data).waiting).length === 0, 90_000)
  const answers = [
    await service.operations.listParked(1000),
    await service.operations.listDevices(),
    await service.operations.showDevice('d1'),
    await service.operations.showDevice('edge-1'),
  ]
  await service.stop()
  isUp = false
  const places = new Map<string, Buffer>(filesIn(data).map(path => [path, readFileSync(path)]))
  places.set('the log', Buffer.from(service.log()))
  places.set('what devices were told', Buffer.from(told.join('\n')))
  places.set('what the API says', Buffer.from(JSON.stringify(answers)))
  const found = [...needles].flatMap(([text, door]) =>
    [...places].flatMap(([path, bytes]) =>
      writingsOf(text).some(written => bytes.includes(written)) ? [`${door}: ${text} in ${path}`] : [],
    ),
  )
  expect(needles.size).toBeGreaterThan(30 * perDoor)
  expect(found).toEqual([])
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

const filesIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map(name => join(directory, name))
    .filter(path => statSync(path).isFile())

/** In UTF-8, UTF-16 and as JSON may escape it. */
const writingsOf = (text: string): Buffer[] => [
  Buffer.from(text),
  Buffer.from(text, 'utf16le'),
  Buffer.from(
    text.replace(/[^\x20-\x7e]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
  ),
]
