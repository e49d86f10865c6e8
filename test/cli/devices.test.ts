import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { describe, expect, test, vi } from 'vitest'
import { addDeviceCommands } from '../../cli/commands/devices.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** What `lintel device …` prints about a directory that no service uses. */
async function commandOver(data: string) {
  return async (...args: string[]): Promise<string> => {
    let text = ''
    const write = vi.spyOn(process.stdout, 'write').mockImplementation(chunk => {
      text += chunk
      return true
    })
    const program = new Command().exitOverride()
    addDeviceCommands(program)
    await program.parseAsync(['device', ...args, '--data', data], { from: 'user' }).finally(() => {
      write.mockRestore()
      process.exitCode = 0
    })
    return text
  }
}

const add = (id: string, site: string) => ['add', id, '--site', site, '--building', 'b1', '--point', id]

describe('lintel device', () => {
  test('lists those of a site or a state, and the registry as a file that an import reads', async () => {
    const data = await temporaryDirectory()
    const device = await commandOver(data)
    await device(...add('d1', '南社'))
    await device(...add('d2', 'xili'), '--household')
    await device('disable', 'd2')
    const listed = async (...args: string[]) =>
      [...(await device('list', ...args)).matchAll(/^d\d/gm)].map(String)
    expect(await listed()).toEqual(['d1', 'd2'])
    expect(await listed('--site', '南社')).toEqual(['d1'])
    expect(await listed('--state', 'disabled')).toEqual(['d2'])
    expect(await listed('--state', 'online')).toEqual([])
    const csv = await device('list', '--csv')
    expect(csv.split(/\r?\n/)).toEqual([
      'device,kind,site,building,point,zone,household',
      'd1,terminal,南社,b1,d1,Asia/Shanghai,no',
      'd2,terminal,xili,b1,d2,Asia/Shanghai,yes',
      '',
    ])
    const file = join(data, 'registry.csv')
    writeFileSync(file, csv)
    expect(await device('import', file)).toContain('0 enrolled, 0 moved, 2 unchanged, 0 refused')
  })

  test('tries an import without a change, and without a file of tokens', async () => {
    const data = await temporaryDirectory()
    const device = await commandOver(data)
    const files = await temporaryDirectory()
    const file = join(files, 'doors.csv')
    writeFileSync(file, '设备,类型,小区,楼栋,点位\nd1,门禁,南社,1栋,东门\nd2,门禁,,1栋,东门\n')
    const tried = await device('import', file, '--dry-run')
    expect(tried).toContain('nothing was changed')
    expect(tried).toContain('1 enrolled, 0 moved, 0 unchanged, 1 refused')
    expect(tried).toContain('row 3 (d2): site is empty')
    expect(readdirSync(files)).toEqual(['doors.csv'])
    expect(await device('list')).toContain('(nothing)')
    await device('import', file)
    expect(existsSync(join(files, 'doors.tokens.csv'))).toBe(true)
    expect(await device('list')).toMatch(/^d1 +terminal +南社/m)
  })

  test('takes a slip away, which then is nowhere', async () => {
    const device = await commandOver(await temporaryDirectory())
    await device(...add('d1', 'nanshe'))
    expect(await device('remove', 'd1')).toBe('d1 is removed: it had sent nothing, and leaves nothing\n')
    expect(await device('list')).toContain('(nothing)')
    await expect(device('remove', 'd1')).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' })
  })
})
