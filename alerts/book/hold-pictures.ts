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
  /** Pictures of a place whose event happened in [from, to), at most `limit`. */
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
/** What shows it, if anything does. */
const beforeMs = minuteMs
const afterMs = minuteMs
/** When the events of pictures happened that may show it: [from, to), epoch ms. */
export const pictureSpan = (at: number) => ({ from: at - beforeMs, to: at + afterMs })
/** A picture comes to rest some time after its event. */
const lookMs = 15 * minuteMs
/** Of one alert. */
export const picturesOfAlert = 20
/** Nobody keeps an alert open for longer. */
const longestMs = 366 * dayMs
const pageSize = 200

/** Keeps the pictures around an alert for as long as that is not closed; then they are kept as any other. */
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
  /** By `alert/device/event`. */
  const held = state.table<PictureRef>('alert-picture')
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined

  const reasonOf = (alert: Pick<Alert, 'id'>) => `alert ${alert.id}`
  const heldOf = (id: string) => [...held.entries({ after: `${id}/`, until: `${id}0` })]

  async function holdFor(alert: Alert, now: number): Promise<void> {
    const room = picturesOfAlert - heldOf(alert.id).length
    // When it happened first, and when it came again.
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
      // Somebody may have wanted it kept for a reason of their own.
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
