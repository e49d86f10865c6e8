import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { secretOf, signatureOf } from '../../../alerts/notify/channels/webhook.ts'
import { readConfig } from '../../../config/config.ts'
import { needsProgram } from '../../support/programs.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const page = readFileSync(new URL('../../../docs/operating.md', import.meta.url), 'utf8')
const [, section = ''] = page.split('## Telling people of alerts\n')
const example = (language: string) => new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(section)![1]!

test('the channels that docs/operating.md shows are a configuration', async () => {
  const file = join(await temporaryDirectory(), 'lintel.yaml')
  writeFileSync(file, example('yaml'))
  expect(Object.keys(readConfig(file).alerts.channels)).toEqual([
    'duty-room',
    'chief',
    'office',
    'tickets',
    'screens',
  ])
})

test('the receiver that docs/operating.md shows takes what is ours, and nothing else', async context => {
  needsProgram(context, 'python3', 'apt-get install python3')
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const seconds = Math.floor(Date.now() / 1000)
  const body = '{"says":"门被强行打开"}'
  const headers = (signature: string, at = seconds) => ({
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(at),
    'webhook-signature': signature,
  })
  const sign = (at: number) => signatureOf(secretOf(secret), 'msg_1', at, body)
  const asked = [
    headers(sign(seconds)),
    headers(`v1,b3RoZXI= ${sign(seconds)}`),
    headers(sign(seconds + 1)),
    headers(sign(seconds - 900), seconds - 900),
  ]
  const program = `${example('py')}
import json, sys
asked, body, secret = json.loads(sys.argv[1])
print(json.dumps([is_ours(headers, body.encode(), secret) for headers in asked]))`
  const told = execFileSync('python3', ['-c', program, JSON.stringify([asked, body, secret])], {
    encoding: 'utf8',
  })
  expect(JSON.parse(told)).toEqual([true, true, false, false])
})
