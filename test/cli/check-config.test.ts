import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lintel } from '../support/command.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('check-config refuses what up would of channels: rules, files and secrets, each in a line', async () => {
  const directory = await temporaryDirectory()
  const file = join(directory, 'lintel.yaml')
  const secret = join(directory, 'secret')
  writeFileSync(secret, 'short')
  const tickets = { kind: 'webhook', urlFile: join(directory, 'none'), secretFile: secret, rules: ['held'] }
  writeFileSync(file, JSON.stringify({ alerts: { channels: { tickets } } }))
  const { code, stderr } = await lintel('check-config', '--config', file)
  expect(code).toBe(78)
  const at = `${file}: alerts.channels.tickets: `
  expect(stderr.replace('CONFIG_INVALID: ', '').trimEnd().split('\n')).toEqual([
    expect.stringContaining(`${at}rules: there is no held; there are door-forced, `),
    `${at}urlFile cannot be read: ${join(directory, 'none')}: there is no such file`,
    `${at}secretFile: a secret has 16 bytes at least`,
  ])
})
