import { readFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createEmail, type MailServer, mailServerOf, tlsOf } from '../../../alerts/notify/channels/email.ts'
import { createAuthority } from '../../support/certificates.ts'
import { needsProgram } from '../../support/programs.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { startMailServer } from './mail-server.ts'
import { messageOf, toldOf } from './support.ts'

const never = new AbortController().signal

function send(server: Partial<MailServer>, to = ['duty@example.com', 'chief@example.com']) {
  const email = createEmail({
    server: { host: '127.0.0.1', tls: 'off', ...server },
    from: 'Lintel <lintel@example.com>',
    to,
    language: 'both',
    timeoutMs: 500,
  })
  onTestFinished(() => email.stop!())
  const place = { site: 'a\r\nBcc: all@example.com', building: 'b', point: 'p', device: 'd' }
  return email.send(messageOf([toldOf('raised', { place })]), never)
}

describe('e-mail', () => {
  test('goes to all, with the key as its id; a name of a place makes no header', async () => {
    const { port, mails } = await startMailServer()
    expect(await send({ port })).toEqual({ delivered: true })
    const [{ to, data }] = mails as [(typeof mails)[0]]
    expect(to).toEqual(['<duty@example.com>', '<chief@example.com>'])
    const [head, body] = data.split('\n\n') as [string, string]
    expect(head).toContain('Message-ID: <msg_1@lintel>')
    expect(head).toMatch(/^Auto-Submitted: auto-generated$/m)
    expect(head).not.toMatch(/^Bcc/m)
    const encoding = /Content-Transfer-Encoding: (\S+)/.exec(head)?.[1]
    expect(encoding).toBe('base64')
    const text = Buffer.from(body, 'base64').toString()
    expect(text).toMatch(/^【Lintel】紧急：a Bcc: all＠example\.com b p/)
    expect(text).toContain('critical: a Bcc')
  })

  test('goes over TLS with a certificate that is trusted, and says who it is there alone', async context => {
    needsProgram(context, 'openssl', 'apt-get install openssl')
    const { caFile, issue } = createAuthority(await temporaryDirectory(), 'ca')
    const { certFile, keyFile } = issue('mail')
    const { port, mails } = await startMailServer({
      tls: { cert: readFileSync(certFile), key: readFileSync(keyFile) },
    })
    const login = { user: 'lintel', password: 'pass-word-1' }
    const ca = readFileSync(caFile)
    expect(await send({ port, tls: 'upgrade', ca, ...login })).toEqual({ delivered: true })
    expect(mails).toMatchObject([{ isTls: true, login: 'lintel\0pass-word-1' }])
    expect(await send({ port, tls: 'upgrade', ...login })).toMatchObject({
      delivered: false,
      fault: expect.stringMatching(/^127\.0\.0\.1: .*certificate/),
    })
    expect(mails).toHaveLength(1)
  })

  test('goes to nobody where TLS is wanted and not offered', async () => {
    const { port, mails } = await startMailServer()
    const outcome = await send({ port, tls: 'upgrade', user: 'lintel', password: 'pass-word-1' })
    expect(outcome).toMatchObject({ delivered: false })
    expect(mails).toEqual([])
  })

  test('tells whom the server refused, and is not sent to the others again', async () => {
    const { port } = await startMailServer({ replies: { 'RCPT TO:<chief': '550 no such user' } })
    expect(await send({ port })).toEqual({
      delivered: true,
      but: '127.0.0.1 refused 1 of 2 who were to get it',
    })
  })

  const faults: { title: string; options: Parameters<typeof startMailServer>[0]; fault: RegExp }[] = [
    { title: 'that says nothing', options: { isSilent: true }, fault: /^127\.0\.0\.1: (?:Greeting never received|Timeout)/ },
    { title: 'that refuses all', options: { replies: { RCPT: '550 no' } }, fault: /^127\.0\.0\.1: .*recipients were rejected/ },
    { title: 'that wants no more', options: { replies: { MAIL: '421 4.7.0 pass-word-1 try later' } }, fault: /421 4\.7\.0 … try later/ },
    { title: 'that knows nobody', options: { replies: { AUTH: '535 no' } }, fault: /Invalid login: 535 no/ },
  ] // biome-ignore format: a table
  for (const { title, options, fault } of faults) {
    test(`knows a server ${title}, and repeats no password`, async () => {
      const { port } = await startMailServer(options)
      const outcome = await send({ port, user: 'lintel', password: 'pass-word-1' })
      expect(outcome).toMatchObject({ delivered: false, fault: expect.stringMatching(fault) })
      expect(JSON.stringify(outcome)).not.toContain('pass-word')
    })
  }

  const addresses: { text: string; isTls?: boolean; server: MailServer | undefined }[] = [
    { text: 'smtps://u:p%40ss@mail.example', server: { host: 'mail.example', port: 465, tls: 'start', user: 'u', password: 'p@ss' } },
    { text: 'smtps://mail.example:2465', server: { host: 'mail.example', port: 2465, tls: 'start' } },
    { text: 'smtp://mail.example', server: { host: 'mail.example', tls: 'upgrade' } },
    { text: 'smtp://mail.example:25', isTls: false, server: { host: 'mail.example', port: 25, tls: 'off' } },
    { text: 'https://mail.example', server: undefined },
    { text: 'mail.example', server: undefined },
  ] // biome-ignore format: a table
  for (const { text, isTls = true, server } of addresses) {
    test(`reads ${text}`, () => expect(mailServerOf(text, isTls)).toEqual(server))
  }

  test('speaks TLS from the start on its port', () => {
    expect([tlsOf(true, 465), tlsOf(true, 587), tlsOf(true, undefined), tlsOf(false, 465)]).toEqual([
      'start',
      'upgrade',
      'upgrade',
      'off',
    ])
  })
})
