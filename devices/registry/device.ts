import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { seenPattern } from '../../core/plain-text.ts'
import { type DeviceId, deviceIdPattern, type Place } from '../../core/words.ts'
import { isZone } from '../../core/zone.ts'
import { reservedId } from '../contract/topics.ts'

const nameRule = 'must be 1 to 64 characters that are seen, without a blank at its ends and / + # " \\ , ='

// Visible characters, without those that have a meaning in topics, tags and shells.
const name = (description: string) =>
  Type.String({
    minLength: 1,
    maxLength: 64,
    pattern: `^(?=[^/+#"\\\\,=]+$)${seenPattern.slice(1)}`,
    description,
  })

export const maxSites = 64

/** Not longer than a minute: within it, two people may pass one after the other with equal events. */
const maxPauseS = 60

/** A device as an operator describes it: one row of an import. */
export const NewDeviceSchema = Type.Object(
  {
    device: Type.String({
      pattern: deviceIdPattern,
      description: 'Its id: also its MQTT client id and user name.',
    }),
    kind: Type.Enum(['terminal', 'checkpoint', 'gateway', 'display'], {
      description:
        'A door terminal, a road checkpoint, the account of a gateway that speaks for such, or that of a screen in a station, which is shown alerts.',
    }),
    site: name('The estate or road that one station answers for.'),
    building: name('The building, or the gate of a site.'),
    point: name('The door or lane that the device stands at.'),
    zone: Type.String({ default: 'Asia/Shanghai', description: 'IANA time zone.' }),
    sites: Type.Optional(
      Type.Array(name('A site.'), {
        maxItems: maxSites,
        description:
          'Of a gateway: sites beside its own whose devices it may speak for. Of a display: whose alerts it may be shown.',
      }),
    ),
    household: Type.Optional(
      Type.Boolean({
        description:
          'The door of one household: analysts see it counted for its site, never for its building.',
      }),
    ),
    pauseS: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: maxPauseS,
        description:
          'Of firmware that reports each passage twice: passages, or vehicles, that say the same within so many seconds count once. 0, each counts, where it was never set.',
      }),
    ),
  },
  { additionalProperties: false },
)

/** Terminals and checkpoints stand at a point and report what happens there; the other kinds are accounts. */
export const isAtPoint = (kind: NewDevice['kind']): kind is 'terminal' | 'checkpoint' =>
  kind === 'terminal' || kind === 'checkpoint'

const memberNames = Object.keys(NewDeviceSchema.properties)
export type NewDevice = Static<typeof NewDeviceSchema>

/** A device as the registry keeps it. The token itself is not kept. */
export interface Device extends NewDevice {
  readonly enabled: boolean
  /** Id of its present `Place`. */
  readonly place: number
  readonly tokenHash: string
  readonly enrolledAt: number
  /** The gateway that announced it and reports for it. Nobody knows its token, until an operator makes a new one. */
  readonly via?: DeviceId
}

const validator = Compile(NewDeviceSchema)

/** The fault of a device, in words for the operator, whose input it quotes; undefined if there is none. */
export const faultOfDevice = (value: unknown): string | undefined => faultIn(value, true)

/** The same for input of another machine: names only the member and the rule, since it is logged. */
export const ruleBrokenBy = (value: unknown): string | undefined => faultIn(value, false)

function faultIn(value: unknown, quotes: boolean): string | undefined {
  if (!validator.Check(value)) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return 'a device must be a JSON object'
    const unknown = Object.keys(value).filter(member => !memberNames.includes(member))
    if (unknown.length > 0) return `${quotes ? unknown.join(', ').slice(0, 64) : 'a member'} is not known`
    const first = validator.Errors(value)[0]!
    const params = first.params as { allowedValues?: string[]; requiredProperties?: string[] }
    if (first.keyword === 'required') return `${params.requiredProperties?.join(', ')} is missing`
    const member = first.instancePath.slice(1)
    if (member === 'pauseS') return `pauseS must be a whole number of seconds from 0 to ${maxPauseS}`
    if (member === 'household') return 'household must be true or false, in a list yes or no'
    if (member !== '' && (value as Record<string, unknown>)[member] === '') return `${member} is empty`
    if (params.allowedValues) return `${member} must be ${listed(params.allowedValues)}`
    if (member === 'device') return 'device must be 1 to 64 of A-Z, a-z, 0-9, _ and -'
    return `${member} ${member === 'zone' ? first.message : nameRule}`
  }
  if (value.sites !== undefined && isAtPoint(value.kind))
    return 'only a gateway or a display has further sites'
  if (value.device === reservedId) return `device must not be ${reservedId}: topics of alerts begin with it`
  if (value.pauseS !== undefined && !isAtPoint(value.kind))
    return 'only a terminal or a checkpoint has a pause'
  if (value.household && value.kind !== 'terminal') return "only a terminal is a household's door"
  if (isZone(value.zone)) return undefined
  const rule = 'zone must be an IANA time zone such as Asia/Shanghai'
  return quotes ? `${rule}, not "${value.zone.slice(0, 64)}"` : rule
}

/** True if the device is a gateway that may speak for the site. */
export const speaksFor = ({ kind, site, sites = [] }: NewDevice, asked: string) =>
  kind === 'gateway' && (site === asked || sites.includes(asked))

/** The sites whose alerts the device may show. */
export const shownSites = ({ kind, site, sites = [] }: NewDevice): readonly string[] =>
  kind === 'display' ? [site, ...sites] : []

export const sameSites = (a: readonly string[] = [], b: readonly string[] = []) =>
  JSON.stringify([...a].sort()) === JSON.stringify([...b].sort())

export function samePlace(a: Omit<Place, 'id'>, b: Omit<Place, 'id'>): boolean {
  return (
    a.device === b.device &&
    a.site === b.site &&
    a.building === b.building &&
    a.point === b.point &&
    a.zone === b.zone
  )
}

/** True if two records of a device have the same place: it was not moved between them. */
export const isSamePlace = (a: Place, b: Place) => a === b || (a.id === b.id && samePlace(a, b))

/** The present place of a device. */
export const standsAt = ({ place: id, device, site, building, point, zone }: Device): Place => ({
  id,
  device,
  site,
  building,
  point,
  zone,
})

/** `a, b or c`. */
function listed(words: readonly string[]): string {
  return [words.slice(0, -1).join(', '), words.at(-1)].filter(part => part !== '').join(' or ')
}
