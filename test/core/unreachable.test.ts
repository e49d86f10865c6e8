import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createRemoteOperations } from '../../api/operations/remote-operations.ts'
import { whyUnreachable } from '../../core/unreachable.ts'
import { createAuthority } from '../support/certificates.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const caused = (cause: object) => Object.assign(new TypeError('fetch failed'), { cause })

describe('why a service cannot be reached', () => {
  const cases = [
    { cause: { code: 'ENOTFOUND', hostname: 'nowhere' }, say: 'the name nowhere is not known (ENOTFOUND)' },
    { cause: { code: 'ECONNREFUSED', address: '::1', port: 80 }, say: 'nothing listens on [::1]:80 (ECONNREFUSED)' },
    { cause: { errors: [{ code: 'ECONNREFUSED', address: '127.0.0.1', port: 80 }, {}] }, say: 'nothing listens on 127.0.0.1:80 (ECONNREFUSED)' },
    { cause: { code: 'EHOSTUNREACH', address: '10.0.0.1', port: 80 }, say: 'there is no way through the network to 10.0.0.1:80 (EHOSTUNREACH)' },
    { cause: { code: 'UND_ERR_CONNECT_TIMEOUT' }, say: 'no answer came in time' },
    { cause: { name: 'TimeoutError' }, say: 'no answer came in time' },
    { cause: { code: 'CERT_HAS_EXPIRED' }, say: 'its certificate has expired (CERT_HAS_EXPIRED)' },
    { cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, say: 'its certificate is for another name (ERR_TLS_CERT_ALTNAME_INVALID)' },
    { cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, say: 'its certificate is of no CA that is trusted here (DEPTH_ZERO_SELF_SIGNED_CERT); NODE_EXTRA_CA_CERTS=ca.pem adds one' },
    { cause: { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }, say: 'it does not speak TLS there (ERR_SSL_WRONG_VERSION_NUMBER): is the address one of http:?' },
    { cause: { code: 'UND_ERR_SOCKET' }, say: 'the connection was cut (UND_ERR_SOCKET)' },
    { cause: new Error('something else'), say: 'something else' },
  ] // biome-ignore format: a table
  for (const { cause, say } of cases)
    test(`is that ${say}`, () => expect(whyUnreachable(caused(cause))).toBe(say))

  test('is told for an error that has no cause, and for a timeout of fetch', () => {
    expect(whyUnreachable(new Error('plain'))).toBe('plain')
    expect(whyUnreachable(new DOMException('The operation was aborted', 'TimeoutError'))).toBe(
      'no answer came in time',
    )
  })
})

describe('a command that asks a service', () => {
  const ask = (url: string) => createRemoteOperations({ url, token: 't' }).listPoints()
  const listening = async (server: import('node:net').Server) => {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    return (server.address() as { port: number }).port
  }

  test('is told that nothing listens there', async () => {
    const server = createServer()
    const port = await listening(server)
    await new Promise(resolve => server.close(resolve))
    await expect(ask(`http://127.0.0.1:${port}`)).rejects.toMatchObject({
      code: 'API_UNAVAILABLE',
      message: `the service at http://127.0.0.1:${port} does not answer: nothing listens on 127.0.0.1:${port} (ECONNREFUSED)`,
    })
  })

  test('is told that the name is not known', async () => {
    await expect(ask('http://nowhere.invalid')).rejects.toThrow(
      /the name nowhere\.invalid (is not known|cannot be looked up)/,
    )
  })

  test('is told that the certificate is not trusted', async () => {
    const { certFile, keyFile } = createAuthority(await temporaryDirectory(), 'ca').issue('localhost')
    const files = { cert: readFileSync(certFile), key: readFileSync(keyFile) }
    const port = await listening(createTlsServer(files, socket => socket.end()))
    await expect(ask(`https://localhost:${port}`)).rejects.toThrow(
      /its certificate is of no CA that is trusted here/,
    )
  })

  test('is told that TLS was asked of a port without', async () => {
    const port = await listening(
      createServer(socket => void socket.on('error', () => {}).end('HTTP/1.1 400 no\r\n\r\n')),
    )
    await expect(ask(`https://127.0.0.1:${port}`)).rejects.toThrow(/it does not speak TLS there/)
  })
})
