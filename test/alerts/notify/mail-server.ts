import { createServer, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { onTestFinished } from 'vitest'

export interface MailOptions {
  /** PEM; STARTTLS is offered with it. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer }
  /** Replies to the command that begins so, in place of the usual one. */
  readonly replies?: Readonly<Record<string, string>>
  readonly isSilent?: boolean
}

/** As much of an SMTP server as takes a mail. */
export async function startMailServer({ tls, replies = {}, isSilent = false }: MailOptions = {}) {
  const mails: { to: string[]; data: string; isTls: boolean; login?: string }[] = []
  const sockets = new Set<Socket>()

  function talk(socket: Socket, isTls: boolean): void {
    let held = ''
    let mail = { to: [] as string[], data: '', isTls }
    let login: string | undefined
    let isData = false
    const say = (line: string) => socket.write(`${line}\r\n`)
    const usual: Record<string, (line: string) => void> = {
      EHLO: () => say(`250-test${tls && !isTls ? '\r\n250-STARTTLS' : ''}\r\n250-AUTH PLAIN\r\n250 8BITMIME`),
      MAIL: () => say('250 ok'),
      RCPT(line) {
        mail.to.push(line.slice(8))
        say('250 ok')
      },
      AUTH(line) {
        login = Buffer.from(line.split(' ')[2]!, 'base64').toString().slice(1)
        say('235 ok')
      },
      DATA() {
        isData = true
        say('354 go on')
      },
      STARTTLS() {
        say('220 go on')
        socket.removeAllListeners('data')
        talk(new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(tls!) }), true)
      },
      RSET: () => say('250 ok'),
      QUIT() {
        say('221 bye')
        socket.end()
      },
    }
    socket.on('error', () => {})
    socket.on('data', chunk => {
      held += chunk
      for (let end = held.indexOf('\r\n'); end >= 0; end = held.indexOf('\r\n')) {
        const line = held.slice(0, end)
        held = held.slice(end + 2)
        if (isData && line !== '.') mail.data += `${line}\n`
        else if (isData) {
          isData = false
          mails.push({ ...mail, ...(login === undefined ? {} : { login }) })
          mail = { to: [], data: '', isTls }
          say('250 taken')
        } else {
          const reply = Object.keys(replies).find(beginning => line.startsWith(beginning))
          if (reply !== undefined) say(replies[reply]!)
          else (usual[line.split(' ')[0]!.toUpperCase()] ?? (() => say('502 what?')))(line)
        }
      }
    })
  }

  const server = createServer(socket => {
    sockets.add(socket)
    talk(socket, false)
    if (!isSilent) socket.write('220 test\r\n')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as { port: number }).port, mails }
}
