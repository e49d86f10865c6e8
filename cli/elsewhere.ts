import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

const all = new Set(['0.0.0.0', '::', ''])
/** A machine may have many addresses: its operator knows which ones devices can reach. */
const mostTold = 3

/**
 * How other machines reach a service that listens on all addresses of this one; undefined if it does not, or if this
 * machine has no network. In a container, these are the container's addresses.
 */
export function elsewhere(
  hosts: readonly string[],
  interfaces: Interfaces = networkInterfaces(),
): string | undefined {
  if (!hosts.some(host => all.has(host))) return undefined
  const addresses = Object.values(interfaces)
    .flatMap(infos => infos ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address)
  if (addresses.length === 0) return undefined
  return `other machines reach it at ${addresses.slice(0, mostTold).join(' or ')}, in place of 127.0.0.1; from a container, where its ports are published`
}
