import type { Alert, Change } from '../../alerts/book/alert.ts'
import { pictureSpan, picturesOfAlert } from '../../alerts/book/hold-pictures.ts'
import type { DeviceId } from '../../core/words.ts'
import { type Picture, placeOfPicture } from '../../gateway/snapshots/snapshots.ts'
import { may } from '../roles.ts'
import type { Viewer } from '../viewer.ts'
import type { AlertPicture } from './alert-view.ts'
import type { OperationParts } from './operation-parts.ts'

export type AlertPictureParts = Pick<OperationParts, 'registry' | 'snapshots' | 'holds' | 'clock'>

/** Most occurrences of an alert for which pictures are searched: the latest ones. */
const maxMoments = 10

/**
 * The redacted pictures taken at an alert's place around each occurrence, whether or not they are held for it: those of
 * a closed alert are kept like all others. At most 20.
 */
export function createAlertPictures(
  { registry, snapshots, holds, clock }: AlertPictureParts,
  viewer: Viewer,
) {
  /** Includes devices that have moved away since. */
  function devicesAt({ place }: Alert): DeviceId[] {
    const there = registry.places().filter(other => isThere(place, other))
    return [...new Set(there.map(({ device }) => device))]
  }

  return (alert: Alert, history: readonly Change[]): AlertPicture[] => {
    const { place, source } = alert
    if (place.point === undefined || !may(viewer.role, 'snapshots.read')) return []
    const moments = momentsOf(alert, history)
    const found = new Map<string, Picture>()
    for (const device of place.device === undefined ? devicesAt(alert) : [place.device])
      for (const at of moments)
        for (const picture of snapshots.list({ device, ...pictureSpan(at), limit: picturesOfAlert }))
          if (isThere(place, placeOfPicture(picture, registry.place)))
            found.set(`${device}/${picture.event}`, picture)
    const isSource = ({ device, event }: Picture) => device === source?.device && event === source.event
    const away = ({ at }: Picture) => Math.min(...moments.map(moment => Math.abs(at - moment)))
    const now = clock()
    return [...found.values()]
      .sort((a, b) => Number(isSource(b)) - Number(isSource(a)) || away(a) - away(b))
      .slice(0, picturesOfAlert)
      .map(({ device, event, at }) => ({ device, event, at, held: holds.isHeld({ device, event }, now) }))
  }
}

type Where = { readonly site?: string; readonly building?: string; readonly point?: string }
const isThere = (place: Where, other: Where | undefined) =>
  place.site === other?.site && place.building === other?.building && place.point === other?.point

function momentsOf({ occurredAt }: Alert, history: readonly Change[]): number[] {
  const begun = history.filter(({ what }) => what === 'raised' || what === 'reopened')
  const moments = begun.map(change => change.occurredAt ?? occurredAt)
  return [...new Set([occurredAt, ...moments.slice(-maxMoments)])]
}
