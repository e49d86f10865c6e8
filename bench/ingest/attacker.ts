import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Attack, type AttackTask, attacks } from './attacks.ts'
import { connectPacket } from './flood.ts'

/** One attack, in a process of its own, until it is killed. Says once that it has begun. */
const { attack: name, host, port, device } = JSON.parse(process.argv[2] ?? 'null') as AttackTask
const attack = attacks[name]!
process.once('disconnect', () => process.exit())
process.send?.('begun')
await (attack.kind === 'send' ? sendForEver(attack) : connectForEver(attack))

/** As a device that comes back after a while whenever it is cut. */
async function sendForEver({ chunk, reads }: Extract<Attack, { kind: 'send' }>): Promise<never> {
  for (;;) {
    const socket = connect(port, host)
    socket.on('error', () => {})
    const closed = new Promise(resolve => socket.once('close', resolve))
    socket.write(connectPacket(device))
    if (reads) socket.resume()
    for (let n = 0; !socket.destroyed && !socket.writableEnded; n++) {
      if (socket.write(chunk(device.device, n))) await sleep(0)
      else await Promise.race([closed, new Promise(resolve => socket.once('drain', resolve))])
    }
    await sleep(100)
  }
}

async function connectForEver({ count, hello }: Extract<Attack, { kind: 'connect' }>): Promise<never> {
  let opened = 0
  const open = () => {
    const socket = connect(port, host)
    socket.on('connect', () => socket.write(hello(opened++)))
    socket.on('error', () => {})
    socket.resume()
    socket.once('close', () => setTimeout(open, 20))
  }
  for (let i = 0; i < count; i++) open()
  for (;;) await sleep(1000)
}
