import type { NewDevice } from '../registry/device.ts'
import { createRandom } from './random.ts'

export interface TownSize {
  seed: number
  sites: number
  buildingsPerSite: number
  doorsPerBuilding: number
  /** Gates on the roads, each with two lanes and so two devices: lane 1 leads in, lane 2 out. */
  checkpoints: number
  /** IANA time zone. */
  zone?: string
}

/** Villages and roads like those of the factory towns of Dongguan. */
const villages = [
  'nanshe', 'tangjiao', 'zengbu', 'chaolang', 'liuhuang', 'boma', 'luwu', 'henggang', 'shangyuan', 'dongyue',
  'xiagang', 'jinmei', 'wusha', 'shatou', 'xinmin', 'jiangbei', 'tutang', 'qiaoli', 'daning', 'baihao',
  'chigang', 'huanggang', 'longbei', 'meitang', 'shuibei', 'tianxin', 'xiahe', 'yuanling', 'zhushan', 'lingtou',
] // biome-ignore format: a list of words
const roads = ['chashan-road', 'dongyuan-road', 'gongye-road', 'huancheng-road', 'jinfu-road', 'shiban-road']

/** The devices of a town, in the form that the registry enrols; the same seed plans the same town. */
export function planTown(size: TownSize): NewDevice[] {
  const { seed, sites, buildingsPerSite, doorsPerBuilding, checkpoints, zone = 'Asia/Shanghai' } = size
  const random = createRandom(seed, 'plan')
  const names = shuffle(villages, random.next)
  const devices: NewDevice[] = []
  for (let s = 0; s < sites; s++) {
    const round = Math.floor(s / names.length)
    const site = names[s % names.length]! + (round === 0 ? '' : `-${round + 1}`)
    for (let b = 1; b <= buildingsPerSite; b++) {
      for (let d = 1; d <= doorsPerBuilding; d++) {
        const building = `b${two(b)}`
        const point = `d${two(d)}`
        devices.push({
          device: `${site}-${building}-${point}`,
          kind: 'terminal',
          site,
          building,
          point,
          zone,
        })
      }
    }
  }
  for (let g = 1; g <= checkpoints; g++) {
    for (const lane of [1, 2]) {
      const building = `g${g}`
      const point = `l${lane}`
      devices.push({
        device: `${building}-${point}`,
        kind: 'checkpoint',
        site: roads[(g - 1) % roads.length]!,
        building,
        point,
        zone,
      })
    }
  }
  return devices
}

function two(n: number): string {
  return String(n).padStart(2, '0')
}

/** The first name stays first, so that examples with nanshe-b01-d01 hold for every seed. */
function shuffle(words: readonly string[], next: () => number): string[] {
  const shuffled = [...words]
  for (let i = shuffled.length - 1; i > 1; i--) {
    const j = 1 + Math.floor(next() * i)
    const word = shuffled[i]!
    shuffled[i] = shuffled[j]!
    shuffled[j] = word
  }
  return shuffled
}
