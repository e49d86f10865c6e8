import { LintelError } from '../core/errors.ts'

export interface TurnLimits {
  /** Under way at once, of all and of one account or token. */
  readonly atOnce: number
  readonly ofOne: number
  /** So many of those at once go to staff on duty alone. */
  readonly keptForStaff: number
  /** Those that wait for their turn, of one. */
  readonly waitingOfOne: number
  readonly waiting: number
  readonly waitMs: number
}

export interface TurnStats {
  readonly running: number
  readonly waiting: number
  readonly refused: number
}

export interface Turns {
  /** Resolves with what ends the turn, once it has come. Throws API_BUSY where too many wait, or for too long. */
  take(who: string, signal: AbortSignal, isStaff?: boolean): Promise<() => void>
  stats(): TurnStats
}

interface Waiter {
  readonly who: string
  readonly isStaff: boolean
  readonly begin: () => void
}

/**
 * Whose turn it is to do what costs much memory and time. The first in line whose own are not too many is next, so one who
 * asks a hundred things holds up nobody else.
 */
export function createTurns(limits: TurnLimits): Turns {
  const running = new Map<string, number>()
  let under = 0
  let refused = 0
  let line: Waiter[] = []
  const countOf = (who: string) => running.get(who) ?? 0
  const mayBegin = ({ who, isStaff }: Pick<Waiter, 'who' | 'isStaff'>) =>
    under < limits.atOnce - (isStaff ? 0 : limits.keptForStaff) && countOf(who) < limits.ofOne
  const busy = (why: string) => {
    refused++
    return new LintelError('API_BUSY', `${why}: try again in a few seconds`)
  }

  function begin(who: string): () => void {
    under++
    running.set(who, countOf(who) + 1)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      under--
      const left = countOf(who) - 1
      if (left > 0) running.set(who, left)
      else running.delete(who)
      next()
    }
  }

  function next(): void {
    const waiter = line.find(mayBegin)
    if (waiter === undefined) return
    line = line.filter(other => other !== waiter)
    waiter.begin()
    next()
  }

  return {
    async take(who, signal, isStaff = false) {
      if (mayBegin({ who, isStaff })) return begin(who)
      const own = line.filter(waiter => waiter.who === who).length
      if (own >= limits.waitingOfOne || line.length >= limits.waiting)
        throw busy(own >= limits.waitingOfOne ? `${own} questions of yours wait already` : 'too many questions wait') // biome-ignore format: one line
      return new Promise((resolve, reject) => {
        const leave = (error: unknown) => {
          if (!line.includes(waiter)) return
          line = line.filter(other => other !== waiter)
          stopWaiting()
          reject(error)
        }
        const timer = setTimeout(() => leave(busy('other questions take long')), limits.waitMs)
        const onAbort = () => leave(signal.reason)
        const stopWaiting = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', onAbort)
        }
        const waiter: Waiter = {
          who,
          isStaff,
          begin() {
            stopWaiting()
            resolve(begin(who))
          },
        }
        signal.addEventListener('abort', onAbort)
        line.push(waiter)
      })
    },
    stats: () => ({ running: under, waiting: line.length, refused }),
  }
}
