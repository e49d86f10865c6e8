import { isIPv6, type Socket } from 'node:net'
import { Shares } from '../../core/shares.ts'

export interface DoorstepLimits {
  readonly maxConnections: number
  /** Most of these that have not yet identified themselves. */
  readonly maxUnidentified: number
}

/** Distinguishes a connection from all others that are open. A TLS connection has the same ends as the socket under it. */
type Ends = string
const endsOf = ({ localPort, remoteAddress, remotePort }: Socket): Ends =>
  `${localPort} ${remoteAddress} ${remotePort}`

/**
 * All open connections, including those in a handshake, and which of them have not yet identified themselves. If there is
 * no room, the oldest of these is closed: one from the address that has most of them. So a flood of silent connections
 * displaces only itself, and a client that speaks at once gets in, on any listener.
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

  /** Lets a connection in. Returns those that must be closed for it, or `full` if all others have identified themselves. */
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

  /** Returns a function to call when the connection has identified itself. */
  leaver(socket: Socket): () => void {
    const entered = this.#byEnds.get(endsOf(socket))
    return () => {
      if (entered !== undefined) this.#silent.remove(entered)
    }
  }
}

/** The network that an address counts for: one host of IPv6 has a whole network of 64 bits. */
export function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address
  const [head = '', tail] = address.split('%')[0]!.split('::')
  const front = head === '' ? [] : head.split(':')
  const back = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length
  return `${[...front, ...Array<string>(zeros).fill('0'), ...back].slice(0, 4).join(':')}::/64`
}
