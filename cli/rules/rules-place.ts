import { LintelError } from '../../core/errors.ts'

export interface PlaceOptions {
  readonly site?: string
  /** BUILDING/POINT. */
  readonly point?: string
}

export interface SplitPlace {
  readonly site?: string
  readonly building?: string
  readonly point?: string
}

/** Throws RULES_INVALID. */
export function splitPlace({ site, point: text }: PlaceOptions): SplitPlace {
  const named = site === undefined ? {} : { site }
  if (text === undefined) return named
  const [building, point, ...rest] = text.split('/')
  if (!building || !point || rest.length > 0)
    throw new LintelError('RULES_INVALID', `--point must be BUILDING/POINT, such as b01/d01, not "${text}"`)
  return { ...named, building, point }
}

/** Like `splitPlace`, but requires a site with a point. Throws RULES_INVALID. */
export function placeWithin(options: PlaceOptions): SplitPlace {
  if (options.point !== undefined && options.site === undefined)
    throw new LintelError('RULES_INVALID', '--point is of a site: say --site, too')
  return splitPlace(options)
}
