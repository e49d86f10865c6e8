import Type from 'typebox'
import { type ParametersOf, parametersOf } from './parameters.ts'
import type { Described } from './rule.ts'

const budgetPerWeek = (fallback: number) =>
  Type.Number({
    title: 'So many a week are told of a place and direction',
    titleZh: '每处每方向每周告警数',
    unit: '/week',
    default: fallback,
    minimum: 0.05,
    maximum: 20,
  })

const perDay = (fallback: number) =>
  Type.Integer({
    title: 'At most so many a day of a site, the largest first',
    titleZh: '每个站点每天最多告警数，偏离大的优先',
    unit: '/day',
    default: fallback,
    minimum: 1,
    maximum: 1000,
    of: 'site',
  })

const high = parametersOf('warning', { budgetPerWeek: budgetPerWeek(0.5), perDay: perDay(5) })
const low = parametersOf('notice', { budgetPerWeek: budgetPerWeek(0.25), perDay: perDay(3) })
export type FlowRuleParameters = ParametersOf<typeof high>

/** Both rules are evaluated by `alerts/unusual`, for a point and for a building of several points. */
export const flowHigh: Described = {
  name: 'flow-high',
  scope: 'point',
  title: { en: 'More flow than usual', zh: '流量偏多' },
  about: {
    en: 'Far more passages or vehicles within half an hour than is usual there at that time of such a day. It learns what is usual, and tells of the most unusual only, as many as its budget allows. Of a building and its doors, the building. Over with the first half hour that is usual again.',
    zh: '半小时内的通行或车辆数远多于该处同类日子同一时段的通常水平。自行学习通常水平，只在告警预算之内上报最反常的。楼栋与其各门同时反常时，只报楼栋。恢复通常的第一个半小时后解除。',
  },
  raised: {
    en: '{place}: {actual} {direction} from {from} to {to}, usually about {expected}: more than usual.',
    zh: '{place}：{from}至{to}{direction}{actual}次，通常约{expected}次，偏多。',
  },
  advice: { en: 'See what draws people there.', zh: '请查看人流增多的原因。' },
  cleared: {
    en: '{place}: the flow {direction} is usual again; {actual} from {from} to {to}, usually about {expected}.',
    zh: '{place}：{direction}方向流量已恢复正常；{from}至{to}共{actual}次，通常约{expected}次。',
  },
  parameters: high,
}

export const flowLow: Described = {
  name: 'flow-low',
  scope: 'point',
  title: { en: 'Less flow than usual', zh: '流量偏少' },
  about: {
    en: 'Far fewer passages or vehicles than is usual there at that time of such a day, or none at all: a way that is blocked, or a device that does not count. What is not counted since a device is away is not few. Over with the first half hour that is usual again.',
    zh: '通行或车辆数远少于该处同类日子同一时段的通常水平，甚至为零：通道受阻，或设备不计数。设备离线时未计到的不算偏少。恢复通常的第一个半小时后解除。',
  },
  raised: {
    en: '{place}: {actual} {direction} from {from} to {to}, usually about {expected}: less than usual.',
    zh: '{place}：{from}至{to}{direction}{actual}次，通常约{expected}次，偏少。',
  },
  advice: { en: 'Is the way free, and does the device count?', zh: '请查看通道是否畅通、设备是否正常计数。' },
  cleared: flowHigh.cleared,
  parameters: low,
}

export const flowRules = { high: flowHigh, low: flowLow } as const
