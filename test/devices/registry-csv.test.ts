import { array, assert, asyncProperty, constantFrom, record } from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openLmdbState } from '../../core/state/lmdb-state.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import { importDevices } from '../../devices/registry/csv.ts'
import { createRegistry } from '../../devices/registry/registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const header = 'device,kind,site,building,point,zone'
const zone = 'Asia/Shanghai'
const load = (csv: string, registry = createRegistry(createMemoryState())) =>
  importDevices(registry, csv, zone, 0)

describe('a CSV of devices', () => {
  test('enrols a town of 2,400 doors, and says nothing new the second time', async () => {
    const lines = Array.from(
      { length: 2400 },
      (_, i) => `door-${i},terminal,estate ${i % 24},b${i % 200},p${i},`,
    )
    const csv = [header, ...lines].join('\n')
    const state = openLmdbState({ directory: await temporaryDirectory() })
    onTestFinished(() => state.close())
    const registry = createRegistry(state)
    const report = await load(csv, registry)
    expect(report).toMatchObject({ enrolled: 2400, moved: 0, unchanged: 0, faults: [] })
    expect(new Set(report.tokens.map(({ token }) => token)).size).toBe(2400)
    expect(registry.list()).toHaveLength(2400)
    expect(registry.version()).toBe(1)
    expect(await load(csv, registry)).toEqual({
      enrolled: 0,
      moved: 0,
      unchanged: 2400,
      faults: [],
      tokens: [],
    })
    expect(registry.version()).toBe(1)
  })

  const good = [
    {
      title: 'with line ends of Windows and a byte order mark',
      csv: `\uFEFF${header}\r\nd1,terminal,s,b,p,UTC\r\n`,
    },
    { title: 'with quotes and spaces around cells', csv: `${header}\n "d1" , terminal ,"s" , b, p ,"UTC"\n` },
    {
      title: 'with columns in another order',
      csv: 'zone,point,building,site,kind,device\nUTC,p,b,s,terminal,d1',
    },
    {
      title: 'with capitals and blanks in its header',
      csv: 'Device, Kind , SITE,Building,Point,Time Zone\nd1,terminal,s,b,p,UTC',
    },
    { title: 'with semicolons', csv: 'device;kind;site;building;point;zone\r\nd1;terminal;s;b;p;UTC' },
    { title: 'with tabs', csv: 'device\tkind\tsite\tbuilding\tpoint\tzone\nd1\tterminal\ts\tb\tp\tUTC' },
    { title: 'with a header and kinds in Chinese', csv: '设备,类型,小区,楼栋,点位,时区\nd1,门禁,s,b,p,UTC' },
    {
      title: 'with empty lines and lines of commas',
      csv: `${header}\n\n,,,,,\nd1,terminal,s,b,p,UTC\n,,,,,\n\n`,
    },
  ]
  for (const { title, csv } of good) {
    test(`${title} is read`, async () => {
      const registry = createRegistry(createMemoryState())
      expect(await load(csv, registry)).toMatchObject({ enrolled: 1, faults: [] })
      expect(registry.get('d1')).toMatchObject({
        kind: 'terminal',
        site: 's',
        building: 'b',
        point: 'p',
        zone: 'UTC',
      })
    })
  }

  for (const csv of ['device,kind,site,building,point\nd1,terminal,s,b,p', `${header}\nd1,terminal,s,b,p,`]) {
    test(`takes the zone of the configuration where it gives none: ${JSON.stringify(csv)}`, async () => {
      const registry = createRegistry(createMemoryState())
      await load(csv, registry)
      expect(registry.get('d1')!.zone).toBe(zone)
    })
  }

  test('that is only tried changes nothing, and says what would come of it', async () => {
    const registry = createRegistry(createMemoryState())
    await load(`${header}\nd1,terminal,s,b,p,UTC\nd2,terminal,s,b,p2,UTC`, registry)
    const version = registry.version()
    const csv = `${header}\nd1,terminal,s,b,elsewhere,UTC\nd2,terminal,s,b,p2,UTC\nd3,terminal,s,b,p3,UTC\nd4,terminal,,b,p3,UTC`
    const report = await importDevices(registry, csv, zone, 0, { dryRun: true })
    expect(report).toEqual({ enrolled: 1, moved: 1, unchanged: 1, faults: [{ row: 5, device: 'd4', reason: 'site is empty' }], tokens: [] })
    expect([registry.version(), registry.get('d1')!.point, registry.list().length]).toEqual([version, 'p', 2])
    expect(await load(csv, registry)).toMatchObject({ enrolled: 1, moved: 1, unchanged: 1 })
  }) // biome-ignore format: one thing

  const badRows = [
    { row: 'd 2,terminal,s,b,p,UTC', device: 'd 2', reason: /^device must be 1 to 64/ },
    { row: ',terminal,s,b,p,UTC', device: '', reason: /^device is empty$/ },
    {
      row: 'd2,camera,s,b,p,UTC',
      device: 'd2',
      reason: /^kind must be terminal, checkpoint, gateway or display$/,
    },
    { row: 'd2,terminal,s,b,p,Mars', device: 'd2', reason: /^zone must be an IANA time zone/ },
    { row: 'd2,terminal,,b,p,UTC', device: 'd2', reason: /^site is empty$/ },
    {
      row: 'd2,terminal,"s,t",b,p,UTC',
      device: 'd2',
      reason: /^site must be 1 to 64 characters that are seen/,
    },
    { row: 'd2,terminal,s,b,p,UTC,张三', device: 'd2', reason: /^7 cells where the header has 6$/ },
    { row: 'd2,terminal,s', device: 'd2', reason: /^3 cells where the header has 6$/ },
    { row: 'd1,terminal,s,b,elsewhere,UTC', device: 'd1', reason: /^listed already in row 2$/ },
  ]
  for (const { row, device, reason } of badRows) {
    test(`is told of the row ${JSON.stringify(row)}, and has its others enrolled`, async () => {
      const registry = createRegistry(createMemoryState())
      const report = await load(
        `${header}\nd1,terminal,s,b,p,UTC\n${row}\nd3,terminal,s,b,p3,UTC\n`,
        registry,
      )
      expect(report.faults).toEqual([{ row: 3, device, reason: expect.stringMatching(reason) }])
      expect(report.enrolled).toBe(2)
      expect(registry.list().map(known => known.device)).toEqual(['d1', 'd3'])
      expect(registry.get('d1')!.point).toBe('p')
    })
  }

  test('has two rows of the same device told apart from rows that name none', async () => {
    const report = await load(`${header}\n,terminal,s,b,p,UTC\n,terminal,s,b,p,UTC\n`)
    expect(report.faults.map(({ reason }) => reason)).toEqual(['device is empty', 'device is empty'])
  })

  const households = [
    { cell: 'yes', want: true },
    { cell: 'TRUE', want: true },
    { cell: '是', want: true },
    { cell: 'no', want: undefined },
    { cell: '0', want: undefined },
    { cell: '', want: undefined },
  ]
  for (const { cell, want } of households) {
    test(`marks a door as ${want ? '' : 'not '}that of one household by "${cell}"`, async () => {
      const registry = createRegistry(createMemoryState())
      const csv = `${header},household\nd1,terminal,s,b,p,UTC,${cell}\n`
      expect(await load(csv, registry)).toMatchObject({ enrolled: 1, faults: [] })
      expect(registry.get('d1')!.household).toBe(want)
    })
  }

  test('that says nothing of households leaves them as they are; one that says no takes them back', async () => {
    const registry = createRegistry(createMemoryState())
    const line = 'd1,terminal,s,b,p,UTC'
    await load(`${header},household\n${line},yes\n`, registry)
    const { place } = registry.get('d1')!
    expect(await load(`${header}\n${line}\n`, registry)).toMatchObject({ unchanged: 1 })
    expect(await load(`${header},household\n${line},\n`, registry)).toMatchObject({ unchanged: 1 })
    expect(registry.get('d1')).toMatchObject({ household: true, place })
    expect(await load(`${header},household\n${line},no\n`, registry)).toMatchObject({ moved: 1 })
    expect(registry.get('d1')).not.toHaveProperty('household')
    expect(registry.get('d1')!.place).toBe(place)
  })

  test('with another word for a household, or one at a checkpoint, has those rows refused', async () => {
    const csv = `${header},household\nd1,terminal,s,b,p,UTC,perhaps\nd2,checkpoint,s,b,p,UTC,yes\n`
    const { faults } = await load(csv)
    expect(faults.map(({ reason }) => reason)).toEqual([
      'household must be true or false, in a list yes or no',
      "only a terminal is a household's door",
    ])
  })

  const gbk = Buffer.from(
    '6465766963652c6b696e642c736974652c6275696c64696e672c706f696e740a64312c7465726d696e616c2cc4cfc9e72c622c700a',
    'hex',
  )
  const unreadable = [
    { title: 'nothing in it', csv: '', reason: /column device is missing/ },
    { title: 'no header', csv: 'd1,terminal,s,b,p,UTC', reason: /column "d1" is not known/ },
    { title: 'a column missing', csv: 'device,kind,site,building\n', reason: /the first line must be device,kind.*: column point is missing$/ },
    { title: 'a column that may be a person’s', csv: `${header},owner\n`, reason: /column "owner" is not known/ },
    { title: 'a column twice', csv: `${header},site\n`, reason: /column site is there twice/ },
    { title: 'UTF-16', csv: Buffer.from(`${header}\nd1,terminal,s,b,p,`, 'utf16le').toString('utf8'), reason: /line 1 is not UTF-8 but looks like UTF-16.*PowerShell.*Unicode/ },
    { title: 'a quote that never ends', csv: `${header}\n"d1,terminal,s,b,p,UTC\n`, reason: /the file is not CSV: Quote Not Closed/ },
    { title: 'Chinese in GBK', csv: gbk.toString('utf8'), reason: /line 2 is not UTF-8.*iconv -f GB18030.*PowerShell: \[IO.File\]::WriteAllText/ },
  ] // biome-ignore format: a table
  for (const { title, csv, reason } of unreadable) {
    test(`with ${title} is refused as a whole`, async () => {
      const registry = createRegistry(createMemoryState())
      const failure = load(csv, registry)
      await expect(failure).rejects.toMatchObject({
        code: 'IMPORT_ROW_INVALID',
        message: expect.stringMatching(reason),
      })
      expect(registry.list()).toEqual([])
    })
  }

  test('changes nothing when it is given again, whatever is in it', async () => {
    const cell = constantFrom('', 'a', 'b', 'a b', '南社', 'UTC', 'Europe/Berlin', 'terminal', 'x/y', '"q"')
    const rows = array(
      record({
        device: constantFrom('d1', 'd2', 'd3', 'd 4', ''),
        kind: constantFrom('terminal', 'checkpoint', ''),
        site: cell,
        building: cell,
        point: cell,
        zone: cell,
      }),
    )
    await assert(
      asyncProperty(rows, async list => {
        const quote = (text: string) => `"${text.replaceAll('"', '""')}"`
        const csv = [header, ...list.map(row => Object.values(row).map(quote).join(','))].join('\n')
        const registry = createRegistry(createMemoryState())
        const first = await load(csv, registry)
        const known = registry.list()
        const second = await load(csv, registry)
        expect(registry.list()).toEqual(known)
        expect(second).toEqual({
          ...first,
          enrolled: 0,
          moved: 0,
          unchanged: first.enrolled + first.unchanged,
          tokens: [],
        })
        expect(first.tokens).toHaveLength(first.enrolled)
        const blank = list.filter(row => Object.values(row).every(value => value === '')).length
        expect(first.enrolled + first.faults.length).toBe(list.length - blank)
      }),
    )
  })
})
