import type { Place } from '../../core/words.ts'
import type { RulesDocument } from '../rules/rules-document.ts'

const mostTold = 20

/** Places in a rules document where no device stands: typing errors, or doors still to be installed. */
export function strangersOf(
  document: RulesDocument,
  devices: readonly Pick<Place, 'site' | 'building' | 'point'>[],
): string[] {
  const sites = new Set(devices.map(({ site }) => site))
  const points = new Set(devices.map(({ site, building, point }) => `${site}/${building}/${point}`))
  const strangers = Object.entries(Object(document.sites)).flatMap(([site, told]) => {
    if (!sites.has(site)) return [`sites.${site}: no device stands at a site of this name`]
    const { points: named } = Object(told) as { points?: object }
    return Object.keys(Object(named))
      .filter(point => !points.has(`${site}/${point}`))
      .map(point => `sites.${site}.points.${point}: no device stands there`)
  })
  if (strangers.length <= mostTold) return strangers
  return [...strangers.slice(0, mostTold), `and ${strangers.length - mostTold} more`]
}
