import { secondMs } from '../../../core/clock.ts'
import { oneEpisode, raise, still } from '../episode.ts'
import { choice, clearS, count, flag, type ParametersOf, parametersOf, share } from '../parameters.ts'
import { defineRule, type Episode } from '../rule.ts'

const parameters = parametersOf('warning', {
  way: choice(
    { en: 'The right way; learned from most of its vehicles, or both', zh: '正确方向（learned 为自动学习）' },
    'learned', 'learned', 'in', 'out', 'both',
  ),
  vehicles: count({ en: 'Vehicles from which it is learned', zh: '学习所需车辆数' }, 100, 10, 400),
  usualShare: share({ en: 'Of these, going the one way at least', zh: '其中同向的最低比例' }, 0.98, 0.5, 1),
  cycles: flag({ en: 'Whether bicycles and motorcycles count', zh: '自行车和摩托车是否计入' }, false),
  clearS: clearS(60),
}) // biome-ignore format: a table
type Parameters = ParametersOf<typeof parameters>

/** How many went in and out of a lane; older ones fade after some hundred. */
interface Lane {
  readonly in: number
  readonly out: number
}
interface State {
  readonly episode: Episode | null
  readonly lanes: Readonly<Record<string, Lane>>
}

const initial: State = { episode: null, lanes: {} }
const memory = 400

function wayOf(lane: Lane, p: Parameters): 'in' | 'out' | undefined {
  if (p.way === 'in' || p.way === 'out') return p.way
  const all = lane.in + lane.out
  if (p.way === 'both' || all < p.vehicles) return undefined
  if (lane.in >= p.usualShare * all) return 'in'
  return lane.out >= p.usualShare * all ? 'out' : undefined
}

export const wrongWay = defineRule<State, Parameters>({
  name: 'wrong-way',
  scope: 'point',
  kinds: ['vehicle'],
  title: { en: 'Wrong way', zh: '逆行' },
  about: {
    en: 'A vehicle goes against the way of its lane, which is set, or learned where nearly all go the same way. Over when there was none for a while.',
    zh: '车辆与车道方向相反。方向可设定，或在绝大多数车辆同向时自动学习。一段时间未再出现后解除。',
  },
  raised: {
    en: '{place}: a {vehicle} went {direction} against the way of the lane.',
    zh: '{place}：一辆{vehicle}逆行（{direction}）。',
  },
  advice: { en: 'Warn those who come, and look at the lane.', zh: '请提醒来车，并查看车道。' },
  cleared: { en: '{place}: nobody goes against the way any more.', zh: '{place}：逆行已结束。' },
  parameters,
  next(state = initial, record, { now, late }, p) {
    if (record.kind !== 'vehicle') return still(state)
    const { direction, class: vehicle, lane = 0 } = record.data
    if (!p.cycles && (vehicle === 'bicycle' || vehicle === 'motorcycle')) return still(state)
    const known = state.lanes[lane] ?? { in: 0, out: 0 }
    const keep = known.in + known.out < memory ? 1 : 0.5
    const counted = { in: known.in * keep, out: known.out * keep }
    counted[direction]++
    const next = { ...state, lanes: { ...state.lanes, [lane]: counted } }
    const way = wayOf(known, p)
    if (late || way === undefined || way === direction) return still(next)
    const clearAt = now + p.clearS * secondMs
    const { episode, signals } = raise(
      state.episode,
      'vehicle',
      { at: record.at, now },
      { vehicle, direction },
      clearAt,
    )
    return { state: { ...next, episode }, signals }
  },
  ...oneEpisode,
})
