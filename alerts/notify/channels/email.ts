import { createTransport } from 'nodemailer'
import { secondMs } from '../../../core/clock.ts'
import { messageOf } from '../../../core/errors.ts'
import { type Channel, failed } from '../channel.ts'
import { cut, fitted, type TextOptions, textOf } from '../text.ts'

export interface MailServer {
  readonly host: string
  readonly port?: number
  readonly user?: string
  readonly password?: string
  /** `start`: TLS from the first byte, as on port 465. `upgrade`: STARTTLS is required. */
  readonly tls: 'start' | 'upgrade' | 'off'
  readonly ca?: Buffer
}

export interface EmailOptions extends TextOptions {
  readonly server: MailServer
  readonly from: string
  readonly to: readonly string[]
  /** For each step of the SMTP dialogue. */
  readonly timeoutMs?: number
}

const maxCharacters = 100_000
const subjectCharacters = 120

/** Mail by SMTP. The Message-ID contains the key, so that duplicates can be recognised. */
export function createEmail({
  server,
  from,
  to,
  timeoutMs = 10 * secondMs,
  ...options
}: EmailOptions): Channel {
  const { host, port = 587, tls, user, password, ca } = server
  const transport = createTransport({
    host,
    port,
    secure: tls === 'start',
    requireTLS: tls === 'upgrade',
    ignoreTLS: tls === 'off',
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
    ...(ca === undefined ? {} : { tls: { ca } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    // Texts contain names that somebody typed: they must never attach a file.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return {
    kind: 'email',
    async send(message) {
      const text = textOf(message, options)
      const length = (part: string) => part.length
      const lines = fitted(text, message.more, maxCharacters, length)
      try {
        const { rejected } = await transport.sendMail({
          from,
          to: [...to],
          subject: cut(lines.split('\n')[0]!, subjectCharacters, length),
          text: lines,
          textEncoding: 'base64',
          messageId: `<${message.key}@lintel>`,
          headers: { 'auto-submitted': 'auto-generated' },
        })
        if (rejected.length === 0) return { delivered: true }
        return {
          delivered: true,
          but: `${host} refused ${rejected.length} of ${to.length} who were to get it`,
        }
      } catch (error) {
        return failed(`${host}: ${withoutSecret(messageOf(error), password)}`)
      }
    },
    async stop() {
      transport.close()
    },
  }
}

const withoutSecret = (text: string, password: string | undefined) =>
  (password === undefined ? text : text.replaceAll(password, '…')).replace(/\p{Cc}+/gu, ' ').slice(0, 300)

const tlsPort = 465

/** How to use TLS with a mail server if only its port is known. */
export const tlsOf = (isOn: boolean, port: number | undefined): MailServer['tls'] =>
  !isOn ? 'off' : port === tlsPort ? 'start' : 'upgrade'

/** Reads `smtps://user:password@host:port`, or `smtp:` for STARTTLS. Undefined if it is not such an address. */
export function mailServerOf(text: string, isTls: boolean): MailServer | undefined {
  if (!/^smtps?:\/\/[^/]/.test(text) || !URL.canParse(text)) return undefined
  const { protocol, hostname, port, username, password } = new URL(text)
  const number = port === '' ? (protocol === 'smtps:' ? tlsPort : undefined) : Number(port)
  return {
    host: hostname,
    tls: protocol === 'smtps:' ? 'start' : tlsOf(isTls, number),
    ...(number === undefined ? {} : { port: number }),
    ...(username === ''
      ? {}
      : { user: decodeURIComponent(username), password: decodeURIComponent(password) }),
  }
}
