import { hourMs, minuteMs, secondMs } from '../../core/clock.ts'
import { Latest } from '../../core/latest.ts'

/** Failures under one key. */
export interface Strikes {
  readonly failures: number
  readonly lastAt: number
}

export interface ThrottleRule {
  /** Failures without a delay. */
  readonly free: number
  /** Delay after the first further failure; it doubles with each one. */
  readonly firstMs: number
  readonly maxMs: number
  /** After this long without a failure, all are forgotten. */
  readonly forgetMs: number
}

const rule = { firstMs: secondMs, maxMs: 5 * minuteMs, forgetMs: hourMs }

/**
 * Three counts slow down guessing. In a browser where the account has signed in before, only that browser's count
 * applies, so a stranger's guesses never lock its owner out; everywhere else, the counts of the account and of the
 * address apply. (OWASP: device cookies.)
 */
export const throttleRules = {
  browser: { ...rule, free: 5 },
  account: { ...rule, free: 10 },
  address: { ...rule, free: 20 },
  /** For a signed-in user who changes the password. */
  change: { ...rule, free: 5 },
} as const satisfies Record<string, ThrottleRule>

const isOver = ({ lastAt }: Strikes, { forgetMs }: ThrottleRule, now: number) => now - lastAt >= forgetMs

/** How long the next attempt has to wait. Pure. */
export function waitMs(strikes: Strikes | undefined, rule: ThrottleRule, now: number): number {
  if (strikes === undefined || isOver(strikes, rule, now)) return 0
  const beyond = strikes.failures - rule.free
  if (beyond < 0) return 0
  const pause = Math.min(rule.firstMs * 2 ** Math.min(beyond, 30), rule.maxMs)
  return Math.max(0, strikes.lastAt + pause - now)
}

/** Adds a failure. Pure. */
export function strike(strikes: Strikes | undefined, rule: ThrottleRule, now: number): Strikes {
  const before = strikes === undefined || isOver(strikes, rule, now) ? 0 : strikes.failures
  return { failures: before + 1, lastAt: now }
}

export type ThrottleKey = readonly [kind: keyof typeof throttleRules, name: string]

export interface Throttle {
  /** The longest wait among the keys; 0 means go on. */
  waitMs(keys: readonly ThrottleKey[], now: number): number
  /** Counts an attempt before its result is known, so that many at once gain nothing. */
  strike(keys: readonly ThrottleKey[], now: number): void
  /** The attempt was no failure: takes it back, or resets the count of keys for which `all` is true. */
  forgive(keys: readonly ThrottleKey[], all: (key: ThrottleKey) => boolean): void
}

const keptKeys = 20_000

/** Kept in memory; the keys longest unused are dropped first, and a restart drops all. */
export function createThrottle(): Throttle {
  const known = new Latest<string, Strikes>(keptKeys)
  const textOf = ([kind, name]: ThrottleKey) => `${kind}/${name}`

  return {
    waitMs: (keys, now) =>
      Math.max(0, ...keys.map(key => waitMs(known.get(textOf(key)), throttleRules[key[0]], now))),
    strike(keys, now) {
      for (const key of keys)
        known.set(textOf(key), strike(known.get(textOf(key)), throttleRules[key[0]], now))
    },
    forgive(keys, all) {
      for (const key of keys) {
        const text = textOf(key)
        const strikes = known.get(text)
        if (all(key) || strikes === undefined || strikes.failures <= 1) known.delete(text)
        else known.set(text, { ...strikes, failures: strikes.failures - 1 })
      }
    },
  }
}

/** An IPv4 address itself, but the /64 of an IPv6 address: that is what a household or a rented machine has. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address
  const [head = '', tail] = address.split('%')[0]!.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const gap = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...gap, ...right]
    .slice(0, 4)
    .map(group => Number.parseInt(group, 16).toString(16))
    .join(':')
}
