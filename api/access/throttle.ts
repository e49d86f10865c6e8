import { hourMs, minuteMs, secondMs } from '../../core/clock.ts'
import { Latest } from '../../core/latest.ts'

/** What is known of failures under one key. */
export interface Strikes {
  readonly failures: number
  readonly lastAt: number
}

export interface ThrottleRule {
  /** Failures that cost nothing. */
  readonly free: number
  /** What the next one costs; each further one costs double. */
  readonly firstMs: number
  readonly maxMs: number
  /** With so long without one, all are forgotten. */
  readonly forgetMs: number
}

const rule = { firstMs: secondMs, maxMs: 5 * minuteMs, forgetMs: hourMs }

/**
 * Who guesses is slowed down by three counts. One of ours, on a browser that has signed in before, is subject to
 * that browser's alone, so that a stranger's guesses never keep them out; everybody else to those of the account and
 * of the address. (OWASP: device cookies.)
 */
export const throttleRules = {
  browser: { ...rule, free: 5 },
  account: { ...rule, free: 10 },
  address: { ...rule, free: 20 },
  /** Of one who is signed in and changes the password. */
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

/** One more failure. Pure. */
export function strike(strikes: Strikes | undefined, rule: ThrottleRule, now: number): Strikes {
  const before = strikes === undefined || isOver(strikes, rule, now) ? 0 : strikes.failures
  return { failures: before + 1, lastAt: now }
}

export type ThrottleKey = readonly [kind: keyof typeof throttleRules, name: string]

export interface Throttle {
  /** The longest that any of the keys makes wait; 0: go on. */
  waitMs(keys: readonly ThrottleKey[], now: number): number
  /** Counts an attempt before its end is known, so that many at once gain nothing. */
  strike(keys: readonly ThrottleKey[], now: number): void
  /** It was no failure: this one is taken back, or with `all` whatever was counted. */
  forgive(keys: readonly ThrottleKey[], all: (key: ThrottleKey) => boolean): void
}

const keptKeys = 20_000

/** In memory, the keys longest unused forgotten first: a restart forgets all. */
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

/** One of an IPv4 address, all of an IPv6 /64: that is what a household or a rented machine has. */
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
