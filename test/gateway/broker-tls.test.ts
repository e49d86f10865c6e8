import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, onTestFinished, type TestContext, test } from 'vitest'
import type { TlsFiles } from '../../gateway/broker/tls.ts'
import { type Authority, createAuthority, type Issued } from '../support/certificates.ts'
import { run } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway.ts'
import { publishEvent } from '../support/messages.ts'
import { needsProgram } from '../support/programs.ts'
import { connectPacket, RawClient } from '../support/raw-client.ts'

const local = { host: '127.0.0.1', port: 0 }
const opensslInstall = 'apt-get install openssl'
let directory: string
let ours: Authority | undefined
let server: Issued
const certificates = new Map<string, Issued>()

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lintel-tls-'))
  try {
    ours = createAuthority(directory, 'ours')
    server = ours.issue('localhost')
    for (const name of ['d1', 'd2']) certificates.set(name, ours.issue(name))
    certificates.set('foreign', createAuthority(directory, 'other').issue('d1'))
  } catch {
    // Without openssl each test says so.
  }
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const files = (clientCertificates: TlsFiles['clientCertificates']): TlsFiles => ({
  ...server,
  clientCertificates,
  ...(clientCertificates === 'none' ? {} : { clientCaFile: ours!.caFile }),
})

async function startTls(
  context: TestContext,
  clientCertificates: TlsFiles['clientCertificates'],
  change: object = {},
) {
  needsProgram(context, 'openssl', opensslInstall)
  const gateway = await startGateway({
    broker: { tls: { ...local, ...files(clientCertificates) }, ...change },
  })
  return { gateway, port: gateway.broker.addresses.tls!.port }
}

function openTls(port: number, certificate: string | undefined, change: ConnectionOptions = {}): RawClient {
  const issued = certificate === undefined ? undefined : certificates.get(certificate)!
  return new RawClient(
    tlsConnect({
      port,
      host: '127.0.0.1',
      ca: readFileSync(ours!.caFile),
      ...(issued && { cert: readFileSync(issued.certFile), key: readFileSync(issued.keyFile) }),
      ...change,
    }),
  )
}

describe('over TLS', () => {
  const nameless = { username: undefined, password: undefined }
  // How devices show certificates, whose is shown, what the CONNECT says besides, and the return code, if any comes.
  const cases = [
    ['none', undefined, 'a token is enough', {}, 0],
    ['none', 'd1', 'a certificate that nobody asked for counts for nothing', nameless, 5],
    ['optional', undefined, 'a token is enough', {}, 0],
    ['optional', undefined, 'neither certificate nor token is refused', nameless, 5],
    ['optional', 'd1', 'a certificate is enough', nameless, 0],
    ['optional', 'd2', 'the certificate of another is refused, even with the token', {}, 5],
    ['optional', 'foreign', 'a certificate of another CA counts for nothing', nameless, 5],
    ['optional', 'foreign', 'a certificate of another CA leaves the token to decide', {}, 0],
    ['required', 'd1', 'a certificate is enough', nameless, 0],
    ['required', 'd1', 'a certificate and the user name of another are refused', { username: 'd2' }, 5],
    ['required', 'd2', 'the certificate of another is refused', nameless, 5],
    ['required', undefined, 'no certificate ends the handshake, whatever the token', {}, undefined],
    [
      'required',
      'foreign',
      'a certificate of another CA ends the handshake, whatever the token',
      {},
      undefined,
    ],
  ] as const
  for (const [clientCertificates, certificate, title, change, returnCode] of cases) {
    test(`where client certificates are ${clientCertificates}, ${title}`, async context => {
      const { gateway, port } = await startTls(context, clientCertificates)
      const client = openTls(port, certificate)
      client.send(connectPacket('d1', gateway.tokenOf('d1'), change as object))
      if (returnCode === undefined) {
        await client.ended()
        expect(client.received).toEqual([])
      } else expect(await client.next('connack')).toMatchObject({ returnCode })
      await eventually(() => expect(gateway.refusals).toHaveLength(returnCode === 0 ? 0 : 1))
      expect(gateway.broker.sessions()).toHaveLength(returnCode === 0 ? 1 : 0)
      if (returnCode !== 0) return
      client.send(publishEvent('d1', 'a'))
      await client.next('puback')
      expect(gateway.stored('d1')).toHaveLength(1)
    })
  }

  const failures = [
    { title: 'one that has only old versions', change: { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' }, says: /versions of TLS/ },
    { title: 'one of another CA', certificate: 'foreign', says: /of another CA than clientCaFile/ },
    { title: 'one without a certificate', change: {}, says: /shows no certificate/ },
    { title: 'plain MQTT', plain: true, says: /no TLS: this is no TLS/ },
  ] // biome-ignore format: a table
  for (const { title, certificate, change = {}, plain, says } of failures)
    test(`of a handshake that fails the log has a code, the address and plain words: ${title}`, async context => {
      const { gateway, port } = await startTls(context, 'required')
      const client = plain ? new RawClient(connect(port, '127.0.0.1')) : openTls(port, certificate, change as ConnectionOptions) // biome-ignore format: one line
      client.send(connectPacket('d1', gateway.tokenOf('d1')))
      await client.ended()
      await eventually(() => expect(gateway.refusals).toHaveLength(1))
      expect(gateway.refusals).toMatchObject([{ code: 'CONNECT_TLS', address: '127.0.0.1', reason: expect.stringMatching(says) }]) // biome-ignore format: one line
      expect(gateway.refusals[0]!.reason).not.toMatch(/error:|\\u000a|openssl/)
    })

  test('a device that does not trust our certificate is told as such', async context => {
    const { gateway, port } = await startTls(context, 'none')
    const asked = [
      's_client',
      '-connect',
      `127.0.0.1:${port}`,
      '-verify_return_error',
      '-no-CAfile',
      '-no-CApath',
    ]
    await run('openssl', asked)
    await eventually(() => expect(gateway.refusals).toHaveLength(1))
    expect(gateway.refusals).toMatchObject([
      { code: 'CONNECT_TLS', address: '127.0.0.1', reason: expect.stringMatching(/does not trust our certificate.*\(ERR_SSL_\w+\)/) },
    ]) // biome-ignore format: one refusal
  })

  test('a resumed handshake still names the device', async context => {
    const { gateway, port } = await startTls(context, 'required')
    let session: Buffer | undefined
    const first = openTls(port, 'd1')
    first.socket.on('session', (bytes: Buffer) => {
      session = bytes
    })
    first.send(connectPacket('d1', '', nameless as object))
    expect(await first.next('connack')).toMatchObject({ returnCode: 0 })
    await eventually(() => expect(session).toBeDefined())
    const second = openTls(port, undefined, { session: session! })
    second.send(connectPacket('d2', gateway.tokenOf('d2')))
    await eventually(() => second.closed || second.received.length > 0)
    expect(second.received).not.toContainEqual(expect.objectContaining({ returnCode: 0 }))
  })

  test('a certificate that was renewed is shown to connections to come, and those that are open stay', async context => {
    const { gateway, port } = await startTls(context, 'optional')
    const shown = async (name: string) => {
      const client = openTls(port, name)
      client.send(connectPacket(name, '', nameless as object))
      expect(await client.next('connack')).toMatchObject({ returnCode: 0 })
      return { client, serial: (client.socket as TLSSocket).getPeerCertificate().serialNumber }
    }
    const before = await shown('d1')
    gateway.broker.renew({ tls: { ...files('optional'), ...ours!.issue('localhost') } })
    const after = await shown('d2')
    expect(after.serial).not.toBe(before.serial)
    before.client.send(publishEvent('d1', 'a'))
    await before.client.next('puback')
    expect(gateway.broker.sessions()).toHaveLength(2)
    // One that is wrong is told, and the one before goes on.
    expect(() =>
      gateway.broker.renew({ tls: { ...files('optional'), certFile: '/nowhere/at/all' } }),
    ).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
    expect((await shown('d1')).serial).toBe(after.serial)
  })

  test('TLS 1.1 is refused', async context => {
    const { gateway, port } = await startTls(context, 'none')
    const client = openTls(port, undefined, {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    })
    await client.ended()
    await eventually(() => expect(gateway.refusals).toHaveLength(1))
    expect(gateway.refusals[0]).toMatchObject({
      address: '127.0.0.1',
      reason: expect.stringContaining('TLS'),
    })
  })

  test('plain MQTT at its port is refused at once', async context => {
    const { gateway, port } = await startTls(context, 'none')
    const client = await RawClient.open(port)
    client.send(connectPacket('d1', gateway.tokenOf('d1')))
    await client.ended()
    expect(gateway.broker.sessions()).toEqual([])
    await eventually(() => expect(gateway.refusals).toHaveLength(1))
  })

  test('connections that never shake hands are limited like others that say nothing', async context => {
    const { gateway, port } = await startTls(context, 'none', { maxUnidentified: 5 })
    const idle = await Promise.all(Array.from({ length: 12 }, () => RawClient.open(port)))
    await eventually(() => expect(idle.filter(client => client.closed)).toHaveLength(7))
    expect(gateway.codes()).toEqual(Array(7).fill('CONNECT_LIMIT'))
  })

  const wrong = [
    ['a certificate that is not there', { certFile: '/nowhere.pem' }, 'certFile'],
    [
      'client certificates without a CA, where any that the system trusts would do',
      { clientCertificates: 'required' },
      'clientCaFile',
    ],
  ] as const
  test.each(wrong)('a start fails for %s, naming the key', async (_, change, key) => {
    const starting = startGateway({
      broker: {
        tls: {
          ...local,
          certFile: import.meta.filename,
          keyFile: import.meta.filename,
          clientCertificates: 'none',
          ...change,
        },
      },
    })
    await expect(starting).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(key),
    })
  })
})

test('a start fails where the port is taken, and leaves nothing open', async () => {
  const gateway = await startGateway()
  const starting = startGateway({
    broker: { websocket: local, tcp: { host: '127.0.0.1', port: gateway.port } },
  })
  await expect(starting).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    message: expect.stringContaining('mqtt.tcp'),
  })
  onTestFinished(() => {})
})
