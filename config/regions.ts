import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { type Turn, turns } from '../core/turn.ts'

/** At least 3 corners, in fractions of the upright picture: 0, 0 is its top left, 1, 1 its bottom right. */
export type Polygon = readonly (readonly [x: number, y: number])[]

/** The rotation of a device's pictures and the parts to look at. Fractions stay valid when a camera changes its resolution. */
export interface Regions {
  /** Parts that are neither looked at nor kept, such as another house's door or a window. */
  readonly mask?: readonly Polygon[]
  /** Only detections whose foot lies in here count. */
  readonly zone?: Polygon
  /** For a camera that is mounted turned: degrees clockwise by which its pictures are turned upright, before all else; 0 if absent. */
  readonly turned?: Turn
}

const fraction = Type.Number({ minimum: 0, maximum: 1 })
const PolygonSchema = (description: string) =>
  Type.Array(Type.Tuple([fraction, fraction]), { minItems: 3, maxItems: 64, description })

export const RegionsSchema = Type.Object(
  {
    mask: Type.Optional(
      Type.Array(PolygonSchema('Corners, [x, y] each.'), {
        maxItems: 16,
        description: 'Parts that are blackened before anything looks at them.',
      }),
    ),
    zone: Type.Optional(PolygonSchema('Only what has its foot in here counts; corners, [x, y] each.')),
    turned: Type.Optional(
      Type.Enum([...turns], {
        description:
          'Of a camera that is mounted turned: degrees clockwise by which its pictures are turned upright, before all else.',
      }),
    ),
  },
  {
    additionalProperties: false,
    description:
      'How its pictures are turned upright, and parts of the upright picture, in fractions of its width and height from the top left.',
  },
)

const validator = Compile(RegionsSchema)

/** The first fault, in one line that names the member; undefined if there is none. */
export function faultOfRegions(value: unknown): string | undefined {
  if (!validator.Check(value)) return firstFault(value)
  const { mask = [], zone } = value as Regions
  const flat = mask.findIndex(isFlat)
  if (flat !== -1) return `mask.${flat} encloses nothing`
  return zone !== undefined && isFlat(zone) ? 'zone encloses nothing' : undefined
}

/** True if a point lies in a polygon, by the even-odd rule: where it overlaps itself, every second layer is outside. */
export function isInside(polygon: Polygon, x: number, y: number): boolean {
  let inside = false
  polygon.forEach(([x1, y1], index) => {
    const [x2, y2] = polygon[(index + 1) % polygon.length]!
    if (y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside
  })
  return inside
}

/** Sets the rotation to `turned`, and turns mask and zone so that they cover the same parts of the scene. */
export function withTurn(regions: Regions, turned: Turn): Regions {
  const by = ((turned - (regions.turned ?? 0) + 360) % 360) as Turn
  const { mask, zone } = regions
  return {
    ...(mask === undefined ? {} : { mask: mask.map(polygon => turnPolygon(polygon, by)) }),
    ...(zone === undefined ? {} : { zone: turnPolygon(zone, by) }),
    ...(turned === 0 ? {} : { turned }),
  }
}

/** The polygon that covers the same part of a picture after the picture was turned clockwise. */
export const turnPolygon = (polygon: Polygon, by: Turn): Polygon =>
  polygon.map(([x, y]) => {
    if (by === 90) return [1 - y, x]
    if (by === 180) return [1 - x, 1 - y]
    return by === 270 ? [y, 1 - x] : [x, y]
  })

/** True if all corners lie on one line. Such a zone would count nobody, without any error. */
function isFlat(polygon: Polygon): boolean {
  const [x0, y0] = polygon[0]!
  const far = polygon.find(([x, y]) => x !== x0 || y !== y0)
  if (far === undefined) return true
  const [x1, y1] = far
  return polygon.every(([x, y]) => Math.abs((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) < 1e-9)
}

function firstFault(value: unknown): string {
  const errors = validator.Errors(value).filter(({ keyword }) => keyword !== 'boolean')
  const { instancePath, message, params } = errors[0]!
  const where = instancePath.slice(1).replaceAll('/', '.') || 'regions'
  const { additionalProperties } = params as { additionalProperties?: string[] }
  return additionalProperties
    ? `${where}: unknown key ${additionalProperties.join(', ')}`
    : `${where} ${message}`
}
