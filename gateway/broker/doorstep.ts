import { isIPv6, type Socket } from 'node:net'
import { Shares } from '../../core/shares.ts'

export interface DoorstepLimits {
  readonly maxConnections: number
  /** Of these, such as have not said who they are. */
  readonly maxUnidentified: number
}

/** What tells a connection from all others that are open: of a TLS connection, too, that of the socket under it. */
type Ends = string
const endsOf = ({ localPort, remoteAddress, remotePort }: Socket): Ends =>
  `${localPort} ${remoteAddress} ${remotePort}`

/**
 * Every open connection, also those that are still shaking hands, and which of them have not said yet who they are.
 * Of these the oldest makes room where there is none: one of the address that has most of them. So a flood of silent
 * connections drives out itself, and one that speaks at once gets in, over whichever listener they come.
 */
export class Doorstep {
  readonly open = new Set<Socket>()
  readonly #limits: DoorstepLimits
  readonly #silent = new Shares<Socket>()
  readonly #byEnds = new Map<Ends, Socket>()
  displaced = 0

  constructor(limits: DoorstepLimits) {
    this.#limits = limits
  }

  /** Those that have to go for it; `full` where all have said who they are. */
  enter(socket: Socket): Socket[] | 'full' {
    const { maxConnections, maxUnidentified } = this.#limits
    const isFull = this.open.size >= maxConnections
    if (isFull && this.#silent.count === 0) return 'full'
    const gone: Socket[] = []
    while (
      this.#silent.count > 0 &&
      (this.open.size >= maxConnections || this.#silent.count >= maxUnidentified)
    ) {
      const oldest = this.#silent.takeFromLargest()!
      this.open.delete(oldest)
      gone.push(oldest)
      this.displaced++
    }
    const ends = endsOf(socket)
    this.open.add(socket)
    this.#silent.add(networkOf(socket.remoteAddress ?? ''), socket)
    this.#byEnds.set(ends, socket)
    socket.once('close', () => {
      this.open.delete(socket)
      this.#silent.remove(socket)
      if (this.#byEnds.get(ends) === socket) this.#byEnds.delete(ends)
    })
    return gone
  }

  /** To be called when the connection has said who it is. */
  leaver(socket: Socket): () => void {
    const entered = this.#byEnds.get(endsOf(socket))
    return () => {
      if (entered !== undefined) this.#silent.remove(entered)
    }
  }
}

/** Whom an address counts for: of IPv6 one host has a whole network of 64 bits. */
export function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address
  const [head = '', tail] = address.split('%')[0]!.split('::')
  const front = head === '' ? [] : head.split(':')
  const back = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length
  return `${[...front, ...Array<string>(zeros).fill('0'), ...back].slice(0, 4).join(':')}::/64`
}
