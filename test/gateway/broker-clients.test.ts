import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { connectAsync } from 'mqtt'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway.ts'
import { event, jpeg } from '../support/messages.ts'
import { needsProgram, needsPython } from '../support/programs.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const run = promisify(execFile)
const timeout = 20_000
const install = 'apt-get install mosquitto-clients'
const eventTopic = 'lintel/v1/d1/event'

describe('mosquitto_pub', () => {
  const as = (port: number, token: string) => [
    '-h',
    '127.0.0.1',
    '-p',
    String(port),
    '-i',
    'd1',
    '-u',
    'd1',
    '-P',
    token,
  ]

  for (const qos of ['0', '1', '2']) {
    test(`publishes an event and a snapshot with QoS ${qos}`, async context => {
      needsProgram(context, 'mosquitto_pub', install)
      const gateway = await startGateway()
      const picture = join(await temporaryDirectory(), 'a.jpg')
      await writeFile(picture, jpeg(100_000))
      const options = [...as(gateway.port, gateway.tokenOf('d1')), '-q', qos]
      await run('mosquitto_pub', [...options, '-t', eventTopic, '-m', JSON.stringify(event('a'))], {
        timeout,
      })
      await run('mosquitto_pub', [...options, '-t', 'lintel/v1/d1/snapshot/a', '-f', picture], { timeout })
      await eventually(() => expect(gateway.stored('d1').map(({ id }) => id)).toEqual(['a', '#snapshot/a']))
    })
  }

  test('is told that its token is wrong, and that MQTT 5 is not spoken', async context => {
    needsProgram(context, 'mosquitto_pub', install)
    const gateway = await startGateway()
    const message = ['-t', eventTopic, '-m', '{}']
    const wrong = run('mosquitto_pub', [...as(gateway.port, 'x'), ...message], { timeout })
    await expect(wrong).rejects.toMatchObject({ stderr: expect.stringMatching(/bad user name or password/i) })
    const newer = run(
      'mosquitto_pub',
      [...as(gateway.port, gateway.tokenOf('d1')), '-V', 'mqttv5', ...message],
      { timeout },
    )
    await expect(newer).rejects.toMatchObject({ stderr: expect.stringMatching(/protocol/i) })
    expect(gateway.stored()).toEqual([])
  })

  test('sends a thousand lines, each an event', async context => {
    needsProgram(context, 'mosquitto_pub', install)
    const gateway = await startGateway()
    const publishing = run(
      'mosquitto_pub',
      [...as(gateway.port, gateway.tokenOf('d1')), '-q', '1', '-t', eventTopic, '-l'],
      { timeout },
    )
    for (let n = 0; n < 1000; n++) publishing.child.stdin?.write(`${JSON.stringify(event(`e${n}`))}\n`)
    publishing.child.stdin?.end()
    await publishing
    expect(gateway.stored('d1').map(({ id }) => id)).toEqual(Array.from({ length: 1000 }, (_, n) => `e${n}`))
  })
})

/** Publishes as a device's maker would in Python: every message waited for; prints what came on the command topic. */
const pahoScript = `
import json, sys, threading
import paho.mqtt.client as mqtt
port, token, events = int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
old = [mqtt.CallbackAPIVersion.VERSION1] if hasattr(mqtt, 'CallbackAPIVersion') else []
client = mqtt.Client(*old, client_id='d1', protocol=mqtt.MQTTv311)
client.username_pw_set('d1', token)
client.will_set('lintel/v1/d1/status', '{"state":"offline"}', qos=1, retain=True)
ready, told = threading.Event(), threading.Event()
def on_connect(c, u, f, rc):
    assert rc == 0, rc
    c.subscribe('lintel/v1/d1/command', qos=1)
def on_message(c, u, m):
    command = json.loads(m.payload)
    print(command['type'], command.get('code'), flush=True)
    (ready if command['type'] == 'time' else told).set()
client.on_connect, client.on_message = on_connect, on_message
client.connect('127.0.0.1', port, keepalive=30)
client.loop_start()
assert ready.wait(10)
sent = [client.publish('lintel/v1/d1/event', json.dumps(e), qos=1 + i % 2) for i, e in enumerate(events)]
for message in sent: message.wait_for_publish(10)
assert all(m.is_published() for m in sent)
client.publish('lintel/v1/d1/event', 'rubbish', qos=1).wait_for_publish(10)
assert told.wait(10)
client.disconnect()
client.loop_stop()
`

test('paho for Python publishes, subscribes and is answered', async context => {
  const python = needsPython(context, 'paho.mqtt.client', 'apt-get install python3-paho-mqtt')
  const gateway = await startGateway()
  const events = Array.from({ length: 200 }, (_, n) => event(`e${n}`))
  const args = ['-c', pahoScript, String(gateway.port), gateway.tokenOf('d1'), JSON.stringify(events)]
  const { stdout } = await run(python, args, { timeout })
  expect(stdout).toBe('time None\nrefusal EVENT_MALFORMED\n')
  expect(
    gateway
      .stored('d1')
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(events.map(({ id }) => id).toSorted())
  await eventually(() => expect(gateway.broker.stats().connected).toBe(0))
  expect(gateway.refusals).toEqual([])
})

describe('MQTT.js', () => {
  test.each([3, 4] as const)(
    'publishes and subscribes in version %i of the protocol',
    async protocolVersion => {
      const gateway = await startGateway()
      const client = await connectAsync(`mqtt://127.0.0.1:${gateway.port}`, {
        clientId: 'd1',
        username: 'd1',
        password: gateway.tokenOf('d1'),
        protocolVersion,
        ...(protocolVersion === 3 ? { protocolId: 'MQIsdp' } : {}),
        reconnectPeriod: 0,
      })
      onTestFinished(() => void client.end(true))
      const told: string[] = []
      client.on('message', (_, payload) => told.push(payload.toString()))
      await client.subscribeAsync('lintel/v1/d1/command', { qos: 1 })
      const events = Array.from({ length: 500 }, (_, n) => event(`e${n}`))
      await Promise.all(
        events.map(value => client.publishAsync(eventTopic, JSON.stringify(value), { qos: 1 })),
      )
      await client.publishAsync(eventTopic, JSON.stringify(event('b', { type: 'x' })), { qos: 2 })
      expect(gateway.stored('d1')).toHaveLength(500)
      await eventually(() => expect(told).toHaveLength(2))
      expect(told[1]).toContain('EVENT_TYPE_UNKNOWN')
    },
  )

  test('comes back by itself after it was cut for one bad message, and goes on', async () => {
    const gateway = await startGateway()
    const client = await connectAsync(`mqtt://127.0.0.1:${gateway.port}`, {
      clientId: 'd1',
      username: 'd1',
      password: gateway.tokenOf('d1'),
      reconnectPeriod: 20,
    })
    onTestFinished(() => void client.end(true))
    client.on('error', () => {})
    client.publish('lintel/v1/d2/event', JSON.stringify(event('x')), { qos: 0 })
    await eventually(() => expect(gateway.codes()).toEqual(['PUBLISH_TOPIC_FOREIGN']))
    await client.publishAsync(eventTopic, JSON.stringify(event('a')), { qos: 1 })
    expect(gateway.stored().map(({ id }) => id)).toEqual(['a'])
  })
})
