import { LintelError } from '../core/errors.ts'

export interface TurnLimits {
  /** Most at once, in total and per account or token. */
  readonly atOnce: number
  readonly ofOne: number
  /** How many of those are reserved for staff on duty. */
  readonly keptForStaff: number
  /** Most that wait, per account or token and in total. */
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
  /** Resolves to a function that ends the turn, once the turn has come. Throws API_BUSY if too many wait, or for too long. */
  take(who: string, signal: AbortSignal, isStaff?: boolean): Promise<() => void>
  stats(): TurnStats
}

interface Waiter {
  readonly who: string
  readonly isStaff: boolean
  readonly begin: () => void
}

/**
 * Limits work that needs much memory and time. The next turn goes to the first in line whose owner does not have too
 * many running, so somebody with a hundred queries delays nobody else.
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
