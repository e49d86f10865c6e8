import type { NetworkInterfaceInfo } from 'node:os'
import { expect, test } from 'vitest'
import { elsewhere } from '../../cli/elsewhere.ts'

const info = (address: string, rest: object = {}) =>
  ({ address, family: 'IPv4', internal: false, ...rest }) as NetworkInterfaceInfo
const interfaces = {
  lo: [info('127.0.0.1', { internal: true })],
  eth0: [info('fe80::1', { family: 'IPv6' }), info('10.0.0.5')],
  eth1: [info('192.168.1.9')],
}

test('other machines are told the addresses of this one, where it listens on all', () => {
  expect(elsewhere(['127.0.0.1', '0.0.0.0'], interfaces)).toMatch(
    /^other machines reach it at 10\.0\.0\.5 or 192\.168\.1\.9, /,
  )
  expect(elsewhere(['::'], interfaces)).toContain('10.0.0.5')
})

test('nothing is told where it listens on loopback, or there is no network', () => {
  expect(elsewhere(['127.0.0.1', '10.0.0.5'], interfaces)).toBeUndefined()
  expect(elsewhere(['0.0.0.0'], { lo: interfaces.lo })).toBeUndefined()
})
