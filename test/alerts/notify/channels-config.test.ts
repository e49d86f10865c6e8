import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readChannels } from '../../../alerts/notify/read-channels.ts'
import { rules } from '../../../alerts/rules/rules.ts'
import { parseConfig } from '../../../config/config.ts'
import { messageOf } from '../../../core/errors.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const problemsOf = (act: () => unknown): string[] => {
  try {
    act()
  } catch (error) {
    return messageOf(error).split('\n')
  }
  return []
}
const mail = { kind: 'email', from: 'l@example.com', to: ['d@example.com'] }

describe('alerts.channels', () => {
  const right: object[] = [
    { kind: 'log' },
    { kind: 'log', language: 'en', changes: 'all' },
    { kind: 'webhook', url: 'http://127.0.0.1:9000/hook', changes: 'all' },
    { kind: 'webhook', urlFile: 'u', secretFile: 's', caFile: 'c', afterS: 600 },
    { kind: 'wecom', urlFile: 'u', least: 'critical', sites: ['nanshe'], rules: ['tamper'], language: 'both' },
    { kind: 'dingtalk', urlFile: 'u', secretFile: 's', afterS: 900, giveUpS: 3600 },
    { kind: 'feishu', urlFile: 'u', quiet: { from: '22:00', to: '07:00', zone: 'Asia/Shanghai', except: 'critical' } },
    { ...mail, host: 'mail.example', port: 465, user: 'u', passwordFile: 'p' },
    { ...mail, urlFile: 'u', tls: false },
    { kind: 'mqtt', sites: ['nanshe'] },
  ] // biome-ignore format: a table
  for (const channel of right) {
    test(`may be ${JSON.stringify(channel)}`, () => {
      const { alerts } = parseConfig({ alerts: { channels: { duty: channel } } })
      expect(alerts.channels).toEqual({ duty: { giveUpS: 86_400, ...channel } })
    })
  }

  const wrong: { channel: unknown; name?: string; say: string[] }[] = [
    { channel: {}, say: ['kind is missing'] },
    { channel: { kind: 'pager' }, say: ['.kind: must be one of webhook, wecom, dingtalk, feishu, email, mqtt, log'] },
    { channel: { kind: 'wecom' }, say: [': wecom needs urlFile'] },
    { channel: { kind: 'wecom', url: 'https://x.example/?key=1' }, say: [': wecom needs urlFile', ': wecom has no url', ': url may hold a key: put it into a file, and name that as urlFile'] },
    { channel: { kind: 'wecom', urlFile: 'u', secretFile: 's' }, say: [': wecom has no secretFile'] },
    { channel: { kind: 'webhook' }, say: [': webhook needs one of url, urlFile'] },
    { channel: { kind: 'webhook', url: 'http://x', urlFile: 'u' }, say: [': webhook takes url or urlFile, not both'] },
    { channel: { kind: 'webhook', url: 'ftp://x' }, say: [': url must be one of http: or https:'] },
    { channel: { kind: 'webhook', url: 'https://u:p@x.example' }, say: [': url may hold a key'] },
    { channel: { kind: 'webhook', url: 'http://x', afterS: 60, changes: 'all' }, say: [': afterS is for changes: main'] },
    { channel: { kind: 'mqtt', quiet: { from: '22:00', to: '07:00' } }, say: [': mqtt has no quiet'] },
    { channel: { kind: 'log', to: ['a@b'] }, say: [': log has no to'] },
    { channel: { kind: 'email' }, say: [': email needs from, to', ': email needs one of host, urlFile'] },
    { channel: { ...mail, host: 'h', urlFile: 'u' }, say: [': email takes host or urlFile, not both'] },
    { channel: { ...mail, host: 'h', user: 'u' }, say: [': user and passwordFile go together'] },
    { channel: { ...mail, urlFile: 'u', port: 25 }, say: [': port, user and passwordFile stand in the file of urlFile'] },
    { channel: { ...mail, host: 'h', to: ['a@b, c@d'] }, say: ['.to.0: must be one address, such as duty@example.com'] },
    { channel: { kind: 'feishu', urlFile: 'u', quiet: { from: '22:00', to: '22:00' } }, say: [': quiet: from and to are the same'] },
    { channel: { kind: 'feishu', urlFile: 'u', quiet: { from: '24:00', to: '7:00', zone: 'Mars/Here' } }, say: ['.quiet.from: must be HH:MM, such as 22:00', '.quiet.to: must be HH:MM', ': quiet.zone: "Mars/Here" is not an IANA time zone'] },
    { channel: { kind: 'log', sites: [] }, say: ['.sites: must not have fewer than 1 items'] },
    { channel: { kind: 'log', least: 'high' }, say: ['.least: must be one of notice, warning, critical'] },
    { channel: { kind: 'log', key: 'x' }, say: [': unknown key key'] },
    { channel: { kind: 'log' }, name: 'Duty Room', say: [': a name has 1 to 32 of a-z'] },
    { channel: null, say: [': is empty'] },
  ] // biome-ignore format: a table
  for (const { channel, name = 'duty', say } of wrong) {
    test(`may not be ${JSON.stringify(channel)}`, () => {
      const problems = problemsOf(() => parseConfig({ alerts: { channels: { [name]: channel } } }))
      for (const part of say) {
        const told = problems.filter(
          line => line.startsWith(`alerts.channels.${name}`) && line.includes(part),
        )
        expect(told, problems.join('\n')).toHaveLength(1)
      }
      expect(problems).toHaveLength(say.length)
    })
  }
})

describe('the channels that there are', () => {
  async function read(channels: Record<string, object>, files: Record<string, string> = {}) {
    const directory = await temporaryDirectory()
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
    const inDirectory = (channel: object) =>
      Object.fromEntries(
        Object.entries(channel).map(([key, value]) => [
          key,
          key.endsWith('File') ? join(directory, value) : value,
        ]),
      )
    const configured = Object.fromEntries(
      Object.entries(channels).map(([name, channel]) => [name, inDirectory(channel)]),
    )
    const { alerts } = parseConfig({ alerts: { channels: configured } })
    return readChannels(alerts.channels, {
      alerts: { list: () => ({ alerts: [] }), lastChange: () => 0 },
      zone: 'Asia/Shanghai',
      rules: rules.map(({ name }) => name),
      publish: async () => {},
      log: { info() {}, warn() {} },
      clock: () => 0,
    })
  }

  test('are the log alone where none is configured', async () => {
    const [log, ...others] = await read({})
    expect(others).toEqual([])
    expect(log).toMatchObject({
      name: 'log',
      channel: { kind: 'log' },
      wants: { changes: 'main', least: 'notice' },
    })
  })

  test('are told what they ask for, by kind', async () => {
    const url = 'https://robot.example/hook/key'
    const channels = await read(
      {
        room: { kind: 'wecom', urlFile: 'u', afterS: 900, quiet: { from: '22:00', to: '07:00' } },
        screens: { kind: 'mqtt', sites: ['nanshe'] },
        tickets: { kind: 'webhook', urlFile: 'u', secretFile: 's', giveUpS: 60 },
        mail: { ...mail, urlFile: 'm', rules: ['tamper'] },
      },
      { u: `${url}\n`, s: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n', m: 'smtps://u:p@mail.example' },
    )
    expect(channels).toMatchObject([
      { wants: { changes: 'main', least: 'warning', afterMs: 900_000 }, pace: { readers: 'people' }, quiet: { zone: 'Asia/Shanghai', exceptCritical: false } },
      { wants: { changes: 'all', least: 'notice', sites: ['nanshe'] }, pace: { readers: 'programs' } },
      { wants: { changes: 'main', least: 'notice' }, giveUpMs: 60_000 },
      { wants: { least: 'warning', rules: ['tamper'] }, pace: { readers: 'people' } },
    ]) // biome-ignore format: a table
    await Promise.all(channels.map(({ channel }) => channel.stop?.()))
  })

  const wrong: { channel: object; files?: Record<string, string>; say: string }[] = [
    { channel: { kind: 'wecom', urlFile: 'u' }, say: 'u: there is no such file' },
    { channel: { kind: 'wecom', urlFile: 'u' }, files: { u: ' \n' }, say: 'is empty' },
    { channel: { kind: 'wecom', urlFile: 'u' }, files: { u: 'secret-key' }, say: 'urlFile: must hold one address, of http: or https:, and nothing else' },
    { channel: { kind: 'webhook', url: 'http://x/a b' }, say: 'url: must hold one address' },
    { channel: { kind: 'webhook', url: 'http://x', secretFile: 's' }, files: { s: 'short' }, say: 'secretFile: a secret has 16 bytes at least' },
    { channel: { ...mail, urlFile: 'u' }, files: { u: 'https://secret-key' }, say: 'urlFile: must hold smtps://' },
    { channel: { kind: 'log', rules: ['tampering'] }, say: 'rules: there is no tampering; there are door-forced' },
  ] // biome-ignore format: a table
  test('are refused with all that is wrong with each', async () => {
    const channels = {
      duty: { kind: 'webhook', urlFile: 'u', secretFile: 's', caFile: 'c', rules: ['x'] },
      mail: { ...mail, host: 'h', user: 'u', passwordFile: 'p', caFile: 'c' },
    }
    const error = await read(channels, { s: 'short', p: '' }).catch(messageOf)
    const keys = String(error)
      .split('\n')
      .map(line => /^alerts\.channels\.(\w+: \w+)/.exec(line)?.[1])
    expect(keys).toEqual(['duty: rules', 'duty: urlFile', 'duty: secretFile', 'duty: caFile', 'mail: passwordFile', 'mail: caFile']) // biome-ignore format: one thing
  })

  for (const { channel, files = {}, say } of wrong) {
    test(`are not there for ${JSON.stringify(channel)}: ${say}`, async () => {
      const error = await read({ duty: channel }, files).catch(messageOf)
      expect(error).toMatch(/^alerts\.channels\.duty: /)
      expect(error).toContain(say)
      expect(error).not.toContain('secret-key')
    })
  }
})
