import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exitCodes } from '../../core/exits.ts'
import { run } from '../support/command.ts'
import { needsProgram } from '../support/programs.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { readRoot, root } from './dockerfile.ts'

const unit = readRoot('deploy/systemd/lintel.service')
const install = 'apt-get install systemd'

test('the unit gives the processes the time they take to stop, and gives up on a wrong configuration', () => {
  expect(unit).toContain(`RestartPreventExitStatus=${exitCodes.config}\n`)
  expect(unit).toContain('KillMode=mixed\n')
  // To the supervisor alone, which ends nothing for it: test/end-to-end/reload.test.ts.
  expect(unit).toContain('ExecReload=/bin/kill -HUP $MAINPID\n')
  // Four of them, one after the other: cli/supervisor.ts.
  expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)![1])).toBeGreaterThanOrEqual(4 * 20)
})

test('systemd takes the unit, and finds little that it is exposed to', async context => {
  needsProgram(context, 'systemd-analyze', install)
  const path = join(await temporaryDirectory(), 'lintel.service')
  writeFileSync(path, unit.replaceAll('/opt/lintel/', root))
  expect(await run('systemd-analyze', ['verify', '--man=no', path])).toEqual({
    code: 0,
    stdout: '',
    stderr: '',
  })
  const { code, stdout } = await run('systemd-analyze', [
    'security',
    '--offline=true',
    '--threshold=15',
    path,
  ])
  expect({ code, stdout }).toMatchObject({ code: 0 })
})

test('sysusers and tmpfiles make the account and the directories that the unit names', async context => {
  needsProgram(context, 'systemd-sysusers', install)
  needsProgram(context, 'systemd-tmpfiles', install)
  const place = await temporaryDirectory()
  mkdirSync(join(place, 'etc'))
  const file = (name: string) => join(root, 'deploy/systemd', name)
  execFileSync('systemd-sysusers', [`--root=${place}`, file('lintel.sysusers.conf')], { stdio: 'pipe' })
  const account = readFileSync(join(place, 'etc/passwd'), 'utf8')
  expect(account).toMatch(/^lintel:x:\d+:\d+:Lintel:\/var\/lib\/lintel:\/usr\/sbin\/nologin$/m)
  if (process.getuid?.() !== 0) return
  execFileSync('systemd-tmpfiles', [`--root=${place}`, '--create', file('lintel.tmpfiles.conf')], {
    stdio: 'pipe',
  })
  const uid = Number(account.split(':')[2])
  expect(statSync(join(place, 'var/lib/lintel'))).toMatchObject({ uid, mode: 0o40700 })
  expect(statSync(join(place, 'etc/lintel'))).toMatchObject({ uid: 0, mode: 0o40750 })
})
