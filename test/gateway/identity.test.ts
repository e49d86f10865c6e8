import { describe, expect, test } from 'vitest'
import type { Device } from '../../devices/registry/device.ts'
import { hashToken } from '../../devices/registry/token.ts'
import { type Credentials, identify } from '../../gateway/broker/identity.ts'
import { row } from '../support/gateway.ts'

const known = new Map<string, Device>(
  ['d1', 'd2', 'off', '__proto__', 'constructor'].map(device => [
    device,
    {
      ...row(device),
      enabled: device !== 'off',
      place: 1,
      tokenHash: hashToken(`token of ${device}`),
      enrolledAt: 0,
    } as Device,
  ]),
)
const credentials = (change: Partial<{ [K in keyof Credentials]: Credentials[K] }>): Credentials => ({
  clientId: 'd1',
  username: 'd1',
  token: Buffer.from('token of d1'),
  commonName: undefined,
  ...change,
})
const none = { username: undefined, token: undefined }

describe('who is connecting', () => {
  const accepted: [title: string, change: Partial<Credentials>][] = [
    ['a device with its token', {}],
    [
      'a device whose name is a member of every object',
      { clientId: '__proto__', username: '__proto__', token: Buffer.from('token of __proto__') },
    ],
    ['a certificate alone', { ...none, commonName: 'd1' }],
    ['a certificate and a user name', { token: undefined, commonName: 'd1' }],
    ['a certificate, whatever the password', { token: Buffer.from('x'), commonName: 'd1' }],
  ]
  test.each(accepted)('accepts %s', (_, change) => {
    const wanted = change.clientId ?? 'd1'
    expect(identify(credentials(change), id => known.get(id))).toMatchObject({ device: { device: wanted } })
  })

  const refused: [title: string, change: Partial<Credentials>, code: string, returnCode: number][] = [
    ['no client id', { clientId: '' }, 'CONNECT_ID_INVALID', 2],
    ['a client id with a wildcard', { clientId: 'a/#/+', username: 'a/#/+' }, 'CONNECT_ID_INVALID', 2],
    ['a client id that ends in a line feed', { clientId: 'd1\n', username: 'd1\n' }, 'CONNECT_ID_INVALID', 2],
    [
      'a client id of 65 characters',
      { clientId: 'x'.repeat(65), username: 'x'.repeat(65) },
      'CONNECT_ID_INVALID',
      2,
    ],
    ['a client id in full-width letters', { clientId: 'ｄ1', username: 'ｄ1' }, 'CONNECT_ID_INVALID', 2],
    ['another user name', { username: 'd2' }, 'CONNECT_ID_MISMATCH', 5],
    ['no user name', { username: undefined }, 'CONNECT_ID_MISMATCH', 5],
    ['the client id of another', { clientId: 'd2' }, 'CONNECT_ID_MISMATCH', 5],
    ['the names of another with the own token', { clientId: 'd2', username: 'd2' }, 'CONNECT_TOKEN_WRONG', 4],
    ['a wrong token', { token: Buffer.from('x') }, 'CONNECT_TOKEN_WRONG', 4],
    ['an empty token', { token: Buffer.alloc(0) }, 'CONNECT_TOKEN_WRONG', 4],
    ['no token', { token: undefined }, 'CONNECT_TOKEN_WRONG', 4],
    ['the hash for the token', { token: Buffer.from(hashToken('token of d1')) }, 'CONNECT_TOKEN_WRONG', 4],
    ['an unknown device', { clientId: 'd9', username: 'd9' }, 'CONNECT_DEVICE_UNKNOWN', 4],
    [
      'an unknown member of every object',
      { clientId: 'toString', username: 'toString' },
      'CONNECT_DEVICE_UNKNOWN',
      4,
    ],
    [
      'a disabled device',
      { clientId: 'off', username: 'off', token: Buffer.from('token of off') },
      'CONNECT_DEVICE_DISABLED',
      5,
    ],
    ['a disabled device with a wrong token', { clientId: 'off', username: 'off' }, 'CONNECT_TOKEN_WRONG', 4],
    ['the certificate of another', { commonName: 'd2' }, 'CONNECT_ID_MISMATCH', 5],
    [
      'a certificate and the user name of another',
      { username: 'd2', commonName: 'd1' },
      'CONNECT_ID_MISMATCH',
      5,
    ],
    [
      'a certificate of an unknown device',
      { ...none, clientId: 'd9', commonName: 'd9' },
      'CONNECT_DEVICE_UNKNOWN',
      4,
    ],
    [
      'a certificate of a disabled device',
      { ...none, clientId: 'off', commonName: 'off' },
      'CONNECT_DEVICE_DISABLED',
      5,
    ],
  ]
  test.each(refused)('refuses %s', (_, change, code, returnCode) => {
    expect(identify(credentials(change), id => known.get(id))).toMatchObject({ code, returnCode })
  })

  test('says nothing of a token in a reason', () => {
    const answer = identify(credentials({ token: Buffer.from('hunter2') }), id => known.get(id))
    expect(JSON.stringify(answer)).not.toContain('hunter2')
  })
})
