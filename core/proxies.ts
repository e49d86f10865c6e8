import { BlockList, isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'

/** Networks by the names that manuals of proxies use. */
const named: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

/** Returns a test that is true for addresses of trusted proxies. Throws for a text that is no address, network or known name. */
export function trustOf(proxies: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const text of proxies.flatMap(proxy => named[proxy] ?? [proxy])) {
    const [address = '', bits, ...others] = text.split('/')
    const family = isIP(address)
    const longest = family === 4 ? 32 : 128
    const length = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN
    if (family === 0 || !(length <= longest) || others.length > 0)
      throw new Error(`${text} is no address and no network`)
    list.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6')
  }
  return text => {
    const address = plainAddress(text)
    return address !== undefined && list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6')
  }
}

/**
 * The address of the client: the farthest one that our proxies report. A port is removed. If a proxy reports something
 * that is no address, the address of that proxy counts.
 */
export function addressOf({ ip, ips }: Pick<FastifyRequest, 'ip' | 'ips'>): string {
  // `ips` begins with the nearest; only requests of trusted proxies have more than one.
  for (const text of (ips ?? []).toReversed()) {
    const address = plainAddress(text)
    if (address !== undefined) return address
  }
  return plainAddress(ip) ?? ip
}

/** Removes port and brackets; undefined if the text is no address. An IPv4 address mapped into IPv6 becomes IPv4. */
function plainAddress(text: string): string | undefined {
  const trimmed = text.trim()
  const [, inBrackets, before] = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/.exec(trimmed) ?? []
  const address = inBrackets ?? before ?? trimmed
  if (isIP(address) === 0) return undefined
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
}
