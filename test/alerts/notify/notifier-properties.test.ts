import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Alert } from '../../../alerts/book/alert.ts'
import {
  findingOf,
  pass,
  people,
  programs,
  recorder,
  settingsOf,
  simulateTime,
  startDesk,
} from './support.ts'

const minute = 60_000
const begins: readonly string[] = ['raised', 'reopened', 'woken']

type Step =
  | { readonly do: 'raise' | 'clear' | 'resolve' | 'acknowledge' | 'snooze'; readonly site: string }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'break' | 'mend' }

const site = fc.oneof({ weight: 5, arbitrary: fc.constant('a') }, { weight: 1, arbitrary: fc.constant('b') })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('raise', 'raise', 'clear', 'clear', 'resolve', 'acknowledge', 'snooze'), site }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 400, 5000, minute, 4 * minute, 11 * minute, 30 * minute) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('break', 'mend') }) },
) as fc.Arbitrary<Step> // biome-ignore format: a table

for (const [readers, pace] of [
  ['people', people],
  ['programs', programs],
] as const) {
  test(`whatever happens, ${readers} hear of each beginning once, of no end without one, and in the end what is so`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 40, size: 'max' }), async steps => {
        simulateTime()
        let isBroken = false
        const { channel, sent } = recorder(() =>
          isBroken ? { delivered: false, fault: 'HTTP 500' } : { delivered: true },
        )
        const { find, alerts, state } = await startDesk([settingsOf('duty', channel, { pace })])
        const causes = new Map<string, number>()
        /** When a person, and nobody else, said that it is over or that nobody is to be told. */
        const interrupted = new Map<string, number[]>()
        const latest = (name: string): Alert | undefined => alerts.list({ limit: 1, sites: [name] }).alerts[0]

        async function act(step: Step): Promise<void> {
          const now = Date.now()
          if (step.do === 'wait') {
            for (let left = step.ms; left >= 0; left -= minute) {
              await pass(Math.min(left, minute))
              alerts.published(await state.transact(() => alerts.expire(Date.now())))
            }
          } else if (!('site' in step)) isBroken = step.do === 'break'
          else if (step.do === 'raise' || step.do === 'clear') {
            const known = causes.get(step.site) ?? 0
            const isOn = latest(step.site)?.active === true
            if (isOn === (step.do === 'raise')) return
            if (step.do === 'raise') causes.set(step.site, known + 1)
            const cause = `site@${causes.get(step.site)}`
            await find(findingOf(step.site, step.do === 'raise' ? 'raised' : 'cleared', now, { cause }))
          } else {
            const alert = latest(step.site)
            if (alert === undefined || alert.status === 'cleared' || alert.status === 'resolved') return
            if (step.do === 'acknowledge') await alerts.act(alert.id, { do: 'acknowledge' }, 'zhou', now)
            else {
              interrupted.set(alert.id, [...(interrupted.get(alert.id) ?? []), now])
              const place = { site: step.site }
              if (step.do === 'resolve')
                await alerts.act(alert.id, { do: 'resolve', outcome: 'real' }, 'zhou', now)
              else
                await alerts.snooze({ why: 'snooze', place, from: now, until: now + 3 * minute }, 'zhou', now)
            }
          }
          await pass(0)
        }

        for (const one of steps) await act(one)
        isBroken = false
        await act({ do: 'wait', ms: 90 * minute })

        const heard = new Map<string, { what: string; at: number; toldAt: number }[]>()
        const keys = new Set<string>()
        const arrivedAt = new Map(sent.map(({ message, at }) => [message.key, at]))
        for (const { message } of sent.filter(
          ({ message }) => !keys.has(message.key) && keys.add(message.key),
        ))
          for (const { change, alert } of message.told)
            heard.set(alert.id, [
              ...(heard.get(alert.id) ?? []),
              { what: change.what, at: change.at, toldAt: arrivedAt.get(message.key)! },
            ])

        const open = alerts
          .list({ limit: 200, status: ['open', 'acknowledged'] })
          .alerts.map(({ id }) => `duty/${id}`)
        for (const [key] of state.table('notice-standing').entries()) expect(open).toContain(key)
        expect([...state.table('notice').entries()]).toEqual([])
        for (const alert of alerts.list({ limit: 200 }).alerts) {
          const told = heard.get(alert.id) ?? []
          for (const [n, { what, at }] of told.entries()) {
            const before = told[n - 1]
            if (!begins.includes(what))
              expect(before && begins.includes(before.what), JSON.stringify(told)).toBe(true)
            else if (before !== undefined && begins.includes(before.what)) {
              const isBetween = (moment: number) => moment >= before.at && moment <= at
              expect((interrupted.get(alert.id) ?? []).some(isBetween), JSON.stringify(told)).toBe(true)
            }
          }
          const last = told.at(-1)?.what
          if (alert.active && alert.status !== 'resolved') {
            expect(begins).toContain(last)
            const since = interrupted.get(alert.id)?.at(-1) ?? 0
            expect(told.at(-1)!.toldAt, JSON.stringify(told)).toBeGreaterThanOrEqual(since)
          }
          if (alert.status === 'cleared' && !interrupted.has(alert.id))
            expect(readers === 'people' ? [undefined, 'cleared'] : ['cleared']).toContain(last)
        }
      }),
      { numRuns: 400 },
    )
  })
}
