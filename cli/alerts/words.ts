import type { ChangeKind, Outcome, Status } from '../../alerts/book/alert.ts'
import type { Standing } from '../../alerts/book/report.ts'
import type { Language, Severity } from '../../alerts/rules/rule.ts'
import { describedRules } from '../../alerts/rules/rules.ts'

const en = {
  severity: { notice: 'notice', warning: 'warning', critical: 'critical' } satisfies Record<Severity, string>,
  status: { open: 'open', acknowledged: 'acknowledged', cleared: 'cleared', resolved: 'resolved' } satisfies Record<Status, string>,
  outcome: { real: 'real', 'false-alarm': 'false alarm', test: 'test', maintenance: 'maintenance' } satisfies Record<Outcome, string>,
  standing: { real: 'real', 'false-alarm': 'false', test: 'test', maintenance: 'maintenance', cleared: 'cleared', open: 'going on' } satisfies Record<Standing, string>,
  change: {
    raised: 'raised', reopened: 'again', cleared: 'cleared', acknowledged: 'acknowledged', assigned: 'assigned',
    commented: 'comment', resolved: 'resolved', snoozed: 'snoozed', woken: 'snooze over', escalated: 'nobody acknowledged it',
    undelivered: 'not delivered',
  } satisfies Record<ChangeKind, string>,
  column: {
    id: 'id', at: 'raised', severity: 'severity', status: 'status', whose: 'whose', says: 'says', rule: 'rule',
    place: 'place', what: 'what', by: 'by', note: 'note', when: 'at', raised: 'alerts', times: 'times',
    falseAlarms: 'false', judged: 'of', from: 'from', until: 'until', why: 'why',
    occurred: 'happened', todo: 'to do', devices: 'device', pictures: 'pictures', became: 'became',
  },
  times: (n: number) => ` (${n} times)`,
  quiet: 'quiet until',
  all: 'everything',
  service: 'the service',
  nothing: '(nothing)',
  more: (limit: number) => `and more: --limit ${limit}`,
  heading: (from: string, to: string, zone: string) => `${from} to ${to} (${zone})`,
  raised: (alerts: number, times: number, parts: string) =>
    `${alerts} ${alerts === 1 ? 'alert' : 'alerts'}${times > alerts ? `, raised ${times} times` : ''}${alerts > 0 ? `: ${parts}` : ''}`,
  taken: (n: number, median: string, most: string) => `acknowledged: ${n}, half of them within ${median}, nine of ten within ${most}`,
  resolved: (n: number, median: string, most: string) => `resolved: ${n}, half of them within ${median}, nine of ten within ${most}`,
  escalated: (n: number) => `not acknowledged in time: ${n}`,
  undelivered: (parts: string) => `not delivered: ${parts}`,
  goesOn: 'goes on:',
  ended: 'ended:',
  pictureHow: (id: string) => `lintel alerts picture ${id}`,
  event: (event: string) => `event ${event}`,
  noPictures: 'no picture is kept of it',
  morePictures: (n: number) => `and ${n} more: --all`,
  pictureIn: (file: string, at: string) => `redacted picture of ${at} in ${file}`,
  judged: 'false alarms, of those that were resolved as real or false:',
  hint: (rule: string, place: string, wrong: number, of: number) => `${rule} at ${place}: ${wrong} of ${of} were false. See and set it there:`,
  reset: 'some changes are not kept any more: lintel alerts list shows what there is',
  comma: ', ',
  pause: (why: string) => `${why}; trying again`,
  woken: (id: string) => `${id} is over`,
  warning: 'warning: ',
  siteUnknown: (site: string) => `${site}: no device stands at a site of this name`,
  accountUnknown: (name: string) => `${name}: nobody has an account of this name`,
  takenBefore: (name: string) => `${name} had it before, and has it still; a note is kept as a comment`,
  deviceUnknown: (device: string) => `${device}: there is no device of this name`,
} // biome-ignore format: a table

const zh: typeof en = {
  severity: { notice: '提示', warning: '警告', critical: '紧急' },
  status: { open: '待处理', acknowledged: '处理中', cleared: '已恢复', resolved: '已处理' },
  outcome: { real: '属实', 'false-alarm': '误报', test: '测试', maintenance: '维护' },
  standing: { real: '属实', 'false-alarm': '误报', test: '测试', maintenance: '维护', cleared: '自行恢复', open: '未结束' },
  change: {
    raised: '发生', reopened: '再次发生', cleared: '恢复', acknowledged: '接手', assigned: '指派', commented: '备注',
    resolved: '处理', snoozed: '静默', woken: '静默结束', escalated: '无人接手', undelivered: '未送达',
  },
  column: {
    id: '编号', at: '告警时间', severity: '级别', status: '状态', whose: '负责', says: '内容', rule: '规则',
    place: '位置', what: '操作', by: '操作人', note: '备注', when: '时间', raised: '告警', times: '次数',
    falseAlarms: '误报', judged: '共', from: '开始', until: '结束', why: '类型',
    occurred: '发生时间', todo: '处置', devices: '设备', pictures: '图片', became: '结果',
  },
  times: n => `（共${n}次）`,
  quiet: '静默至',
  all: '全部',
  service: '系统',
  nothing: '（无）',
  more: limit => `还有更多：--limit ${limit}`,
  heading: (from, to, zone) => `${from} 至 ${to}（${zone}）`,
  raised: (alerts, times, parts) => `${alerts} 条告警${times > alerts ? `，共发生 ${times} 次` : ''}${alerts > 0 ? `：${parts}` : ''}`,
  taken: (n, median, most) => `接手 ${n} 条：半数在${median}内，九成在${most}内`,
  resolved: (n, median, most) => `处理 ${n} 条：半数在${median}内，九成在${most}内`,
  escalated: n => `超时无人接手：${n} 条`,
  undelivered: parts => `未送达：${parts}`,
  goesOn: '未结束：',
  ended: '已结束：',
  pictureHow: id => `lintel alerts picture ${id}`,
  event: event => `事件 ${event}`,
  noPictures: '没有保存的图片',
  morePictures: n => `还有 ${n} 张：--all`,
  pictureIn: (file, at) => `${at} 的脱敏图片：${file}`,
  judged: '误报（占判定为属实或误报的）：',
  hint: (rule, place, wrong, of) => `${place} 的“${rule}”：${of} 条中 ${wrong} 条为误报。可在此查看并调整：`,
  reset: '部分变更已不再保留：请用 lintel alerts list 查看现状',
  comma: '，',
  pause: why => `暂时收不到变更，正在重试（${why}）`,
  woken: id => `${id} 已结束`,
  warning: '注意：',
  siteUnknown: site => `${site}：没有设备在这个小区`,
  accountUnknown: name => `${name}：没有这个账号`,
  takenBefore: name => `${name}已先接手，仍由其处理；备注已保存`,
  deviceUnknown: device => `${device}：没有这台设备`,
} // biome-ignore format: a table

export type AlertWords = typeof en
export const wordsOf = (language: Language): AlertWords => (language === 'zh' ? zh : en)

export const titleOf = (rule: string, language: Language): string =>
  describedRules.find(({ name }) => name === rule)?.title[language] ?? rule
