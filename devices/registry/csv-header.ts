export const columns = ['device', 'kind', 'site', 'building', 'point', 'zone', 'household']
const optional = ['zone', 'household']

/** Other names of the columns, as in Chinese lists. */
const aliases: Readonly<Record<string, string>> = {
  ...named('device', '设备', '设备编号', '设备号', '设备id', '编号', 'deviceid', 'id'),
  ...named('kind', '类型', '设备类型', 'type'),
  ...named('site', '小区', '站点', '场所', '园区', '社区'),
  ...named('building', '楼栋', '楼', '楼号', '栋', '栋号', '楼宇', '出入口'),
  ...named('point', '点位', '门', '门口', '通道', '车道', '位置'),
  ...named('zone', '时区', 'timezone'),
  ...named('household', '入户门', '住户门', '户门'),
}

/** Words for kinds in such lists. */
export const kindWords: Readonly<Record<string, string>> = {
  ...named('terminal', '门禁', '门禁机', '终端', '门口机'),
  ...named('checkpoint', '卡口', '道闸'),
  ...named('gateway', '网关'),
  ...named('display', '显示屏', '屏幕'),
}

function named(name: string, ...words: readonly string[]): Record<string, string> {
  return Object.fromEntries(words.map(word => [word, name]))
}

/** Ignores case, blanks of any kind, underscores and dashes, also within the text. */
const plainOf = (cell: string) => cell.replace(/[\s_\u3000-]+/gu, '').toLowerCase()

const separators = [',', ';', '\t'] as const

/** The most frequent separator of the first line; a comma if there is none. */
export function separatorOf(csv: string): string {
  const first = csv.slice(0, 4096).split(/\r?\n/).find(line => line.trim() !== '') ?? '' // biome-ignore format: one thing
  const unquoted = first.replace(/"[^"]*"/g, '')
  const count = (separator: string) => unquoted.split(separator).length
  return separators.reduce((best, separator) => (count(separator) > count(best) ? separator : best))
}

/** The columns by our own names, or the fault of the first line. */
export function readHeader(
  cells: readonly string[],
): { readonly names: readonly string[] } | { readonly fault: string } {
  const names = cells.map(cell => {
    const plain = plainOf(cell)
    return aliases[plain] ?? (columns.includes(plain) ? plain : cell)
  })
  const wrong = [
    ...columns
      .filter(name => !optional.includes(name) && !names.includes(name))
      .map(name => `column ${name} is missing`),
    ...names
      .filter(name => !columns.includes(name))
      .map(name => `column "${name.slice(0, 32)}" is not known`),
    ...columns
      .filter(name => names.indexOf(name) !== names.lastIndexOf(name))
      .map(name => `column ${name} is there twice`),
  ]
  if (wrong.length === 0) return { names }
  const expected = `the first line must be ${columns.join(',')} (设备,类型,小区,楼栋,点位,时区,入户门), the last two if wanted`
  return { fault: `${expected}: ${wrong.join('; ')}` }
}
