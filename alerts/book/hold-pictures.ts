import { setImmediate } from 'node:timers/promises'
import { dayMs, minuteMs, secondMs } from '../../core/clock.ts'
import type { Part } from '../../core/lifecycle.ts'
import type { State } from '../../core/state/state.ts'
import type { FindingPlace } from '../rules/rule.ts'
import type { Alert } from './alert.ts'
import type { Alerts } from './alerts.ts'

export interface PictureRef {
  readonly device: string
  readonly event: string
}

export interface HoldPictureParts {
  readonly state: State
  readonly alerts: Pick<Alerts, 'list' | 'get'>
  /** Pictures of a place whose events happened in [from, to), at most `limit`. */
  readonly find: (place: FindingPlace, from: number, to: number, limit: number) => readonly PictureRef[]
  readonly holds: {
    hold(key: PictureRef, hold: { at: number; until: number; reason: string }): Promise<void>
    release(key: PictureRef): Promise<unknown>
    of(key: PictureRef): { reason: string } | undefined
  }
  readonly clock: () => number
  onFault(error: unknown): void
}

const everyMs = 20 * secondMs
/** A picture taken within this time before or after an alert may show it. */
const beforeMs = minuteMs
const afterMs = minuteMs
/** Event times of pictures that may show an alert: [from, to), epoch ms. */
export const pictureSpan = (at: number) => ({ from: at - beforeMs, to: at + afterMs })
/** How long after an alert pictures are searched: a picture is stored some time after its event. */
const lookMs = 15 * minuteMs
/** Most pictures held for one alert. */
export const picturesOfAlert = 20
/** Longest hold: nobody keeps an alert open longer. */
const longestMs = 366 * dayMs
const pageSize = 200

/** Holds the pictures around an alert until it is closed; after that, they are kept like all others. */
export function createPictureHolder({
  state,
  alerts,
  find,
  holds,
  clock,
  onFault,
}: HoldPictureParts): Part & {
  look(): Promise<void>
} {
  /** Keys are `alert/device/event`. */
  const held = state.table<PictureRef>('alert-picture')
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined

  const reasonOf = (alert: Pick<Alert, 'id'>) => `alert ${alert.id}`
  const heldOf = (id: string) => [...held.entries({ after: `${id}/`, until: `${id}0` })]

  async function holdFor(alert: Alert, now: number): Promise<void> {
    const room = picturesOfAlert - heldOf(alert.id).length
    // The first occurrence, and the latest one if it recurred.
    const moments = new Set([alert.occurredAt, alert.times > 1 ? alert.lastRaisedAt : alert.occurredAt])
    const found = [...moments].flatMap(at => {
      const { from, to } = pictureSpan(at)
      return find(alert.place, from, to, picturesOfAlert)
    })
    const fresh = found.filter(picture => holds.of(picture) === undefined).slice(0, Math.max(0, room))
    for (const picture of fresh) {
      const { device, event } = picture
      await state.transact(() => held.put(`${alert.id}/${device}/${event}`, { device, event }))
      await holds.hold(picture, { at: now, until: now + longestMs, reason: reasonOf(alert) })
    }
  }

  async function releaseOf(id: string): Promise<void> {
    for (const [key, picture] of heldOf(id)) {
      // Another hold, placed by somebody for another reason, must stay.
      if (holds.of(picture)?.reason === reasonOf({ id })) await holds.release(picture)
      await state.transact(() => held.remove(key))
    }
  }

  async function look(): Promise<void> {
    const now = clock()
    const open = new Set<string>()
    for (let after: string | undefined; ; ) {
      const page = alerts.list({ status: ['open', 'acknowledged'], limit: pageSize, ...(after === undefined ? {} : { after }) }) // biome-ignore format: one thing
      for (const alert of page.alerts) {
        open.add(alert.id)
        if (alert.place.point === undefined || now - alert.lastRaisedAt >= lookMs) continue
        await holdFor(alert, now)
        await setImmediate()
      }
      await setImmediate()
      if (page.next === undefined) break
      after = page.next
    }
    const ids = new Set([...held.entries()].map(([key]) => key.slice(0, key.indexOf('/'))))
    for (const id of ids) if (!open.has(id)) await releaseOf(id)
  }

  return {
    name: 'pictures of alerts',
    look,
    async start() {
      timer = setInterval(() => {
        looking ??= look()
          .catch(onFault)
          .finally(() => {
            looking = undefined
          })
      }, everyMs)
    },
    async stop() {
      clearInterval(timer)
      await looking
    },
  }
}
