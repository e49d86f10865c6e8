import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { lintel } from '../support/command.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))
const local = ['--mqtt', '127.0.0.1:0', '--http', '127.0.0.1:0']

/** What the service says of itself when it is up. */
async function up(data: string) {
  const child = spawn(process.execPath, [main, 'up', '--json', '--data', data, ...local], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const stop = async () => {
    if (child.exitCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  onTestFinished(stop)
  const [line] = (await once(child.stdout!, 'data')) as [Buffer]
  return { ...(JSON.parse(String(line)) as { http: string; signIn?: string }), stop }
}

test('the first start ends with a link that makes an admin, who lets others in as far as they may', {
  timeout: 300_000,
}, async () => {
  const data = await temporaryDirectory()
  const { http, signIn, stop } = await up(data)
  const [base, secret] = signIn!.split('/invite#')
  expect(base).toBe(http)
  const taken = await fetch(`${http}/api/v1/invitation/accept`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ secret, name: '李伟', password: 'a sentence that is long' }),
  })
  expect(await taken.json()).toMatchObject({ name: '李伟', role: 'admin' })

  const added = await lintel('user', 'add', 'wang', '--role', 'duty', '--site', '南社', '--data', data)
  // Nothing is enrolled there, which may be a typing error.
  expect(added.stderr).toMatch(/^note: nothing is enrolled at 南社 yet/)
  expect(added.stdout).toContain(`${http}/invite#`)
  expect((await lintel('user', 'list', '--data', data)).stdout).toMatch(
    /wang +duty +南社 +invited[\s\S]*李伟 +admin +active/,
  )

  const made = await lintel('token', 'create', 'notebook', '--role', 'analyst', '--data', data, '--json')
  const tokenFile = join(data, 'notebook.token')
  writeFileSync(tokenFile, (JSON.parse(made.stdout) as { token: string }).token)
  const elsewhere = ['--url', http, '--token-file', tokenFile, '--data', join(data, 'not there')]
  const range = ['--from', '2025-11-01', '--to', '2025-11-02', '--every', '1d', '--json']
  const flow = await lintel('flow', ...range, ...elsewhere)
  expect([flow.stderr, JSON.parse(flow.stdout)]).toMatchObject(['', { suppression: { minCount: 10 } }])
  const devices = await lintel('device', 'list', ...elsewhere)
  expect([devices.code, devices.stderr]).toEqual([
    1,
    expect.stringContaining('API_FORBIDDEN: this needs devices.read'),
  ])
  await lintel('token', 'revoke', 'notebook', '--data', data)
  expect((await lintel('flow', ...range, ...elsewhere)).stderr).toContain('API_UNAUTHORIZED')

  await stop()
  const audit = await lintel('audit', '--data', data, '--json')
  expect(
    (JSON.parse(audit.stdout) as { who: string; action: string }[]).map(
      ({ who, action }) => `${who} ${action}`,
    ),
  ).toEqual([
    'operator account.invite',
    '李伟 invitation.accept',
    '李伟 sign-in',
    'operator account.add',
    'operator token.create',
    'operator token.revoke',
  ])
  const verified = await lintel('audit', 'verify', '--data', data)
  expect(verified).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^6 entries, whole.*\n6:[0-9a-f]{64}\n$/s),
  })
  const head = verified.stdout.trim().split('\n').at(-1)!
  expect((await lintel('audit', 'verify', '--noted', head, '--data', data)).code).toBe(0)
  const foreign = `${head.slice(0, -1)}${head.endsWith('0') ? '1' : '0'}`
  expect((await lintel('audit', 'verify', '--noted', foreign, '--data', data)).code).toBe(1)

  expect((await up(data)).signIn).toBeUndefined()
})
