import { BlockList, isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'

/** Networks by names, as proxies' own manuals give them. */
const named: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

/** Whether an address is of a proxy that is believed. Throws for a text that is no address, network or name of some. */
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
 * Where a request came from: the last address before the first one that is not of a proxy of ours. One that proxies
 * give with a port is taken without; where they give something that is no address, theirs counts.
 */
export function addressOf({ ip, ips }: Pick<FastifyRequest, 'ip' | 'ips'>): string {
  // The nearest first; only who is believed has more than one.
  for (const text of (ips ?? []).toReversed()) {
    const address = plainAddress(text)
    if (address !== undefined) return address
  }
  return plainAddress(ip) ?? ip
}

/** Without a port and brackets; undefined for what is no address. An IPv4 address within IPv6 is that. */
function plainAddress(text: string): string | undefined {
  const trimmed = text.trim()
  const [, inBrackets, before] = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/.exec(trimmed) ?? []
  const address = inBrackets ?? before ?? trimmed
  if (isIP(address) === 0) return undefined
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
}
