import { describe, expect, test } from 'vitest'
import { addressOf, trustOf } from '../../core/proxies.ts'

describe('a proxy is believed', () => {
  const cases: [proxies: string[], address: string, believed: boolean][] = [
    [['10.0.0.1'], '10.0.0.1', true],
    [['10.0.0.1'], '::ffff:10.0.0.1', true],
    [['10.0.0.1'], '10.0.0.1:4711', true],
    [['10.0.0.1'], '10.0.0.2', false],
    [['10.0.0.0/8'], '10.9.9.9', true],
    [['fd00::/8'], '[fd00::1]:4711', true],
    [['loopback'], '127.0.0.1', true],
    [['uniquelocal'], '192.168.1.1', true],
    [['10.0.0.1'], 'unknown', false],
    [['10.0.0.1'], '', false],
  ]
  test.each(cases)('of %s, %s: %s', (proxies, address, believed) => {
    expect(trustOf(proxies)(address)).toBe(believed)
  })

  test.each(['proxy.example', '10.0.0.0/33', '10.0.0.0/x', '10.0.0.0/8/8', ''])(
    'is not configured as %s',
    text => {
      expect(() => trustOf([text])).toThrow(/no address and no network/)
    },
  )
})

describe('a request came from', () => {
  const cases: [ips: string[], address: string][] = [
    [['10.0.0.1', '6.6.6.6'], '6.6.6.6'],
    [['10.0.0.1', '6.6.6.6:1001'], '6.6.6.6'],
    [['10.0.0.1', '6.6.6.6:1002'], '6.6.6.6'],
    [['10.0.0.1', '[2001:db8::1]:443'], '2001:db8::1'],
    [['10.0.0.1', '2001:db8::1'], '2001:db8::1'],
    [['10.0.0.1', '::ffff:6.6.6.6'], '6.6.6.6'],
    [['10.0.0.1', 'garbage'], '10.0.0.1'],
    [['10.0.0.1', '6.6.6.6:99999999'], '10.0.0.1'],
    [['10.0.0.1', '10.0.0.2:80', '1.2.3'], '10.0.0.2'],
  ]
  test.each(cases)('%s: %s', (ips, address) => {
    expect(addressOf({ ip: ips.at(-1)!, ips })).toBe(address)
  })
})
