import { minuteMs, secondMs } from '../../core/clock.ts'
import type { State } from '../../core/state/state.ts'
import { hashToken, newToken } from '../../devices/registry/token.ts'

interface Session {
  readonly account: string
  readonly createdAt: number
  readonly seenAt: number
}

export interface SessionTimes {
  /** A session ends after this long without use. */
  readonly sessionIdleS: number
  /** A session ends after this long, used or not. */
  readonly sessionMaxS: number
}

/** Sign-ins of browsers. Only the browser knows a session's id; its hash is stored. */
export interface Sessions {
  begin(account: string, now: number): Promise<string>
  /** The session's account; undefined if it has ended. */
  find(id: string, now: number): Promise<string | undefined>
  end(id: string): Promise<void>
  /** Ends all sessions of an account. */
  endAll(account: string): Promise<void>
}

/** If an account has more, its oldest session ends. */
const maxOfAccount = 20
/** A page that asks every second must not cause a write every second. More recent uses are kept in memory. */
const seenEveryMs = minuteMs

/** `mayDelete` is false while the clock is in doubt: an expired session is then useless, but not deleted. */
export function createSessions(
  state: State,
  { sessionIdleS, sessionMaxS }: SessionTimes,
  mayDelete = () => true,
): Sessions {
  const sessions = state.table<Session>('session')
  /** Exact time of each session's last use, by its key. */
  const seen = new Map<string, number>()
  const hasEnded = (key: string, { createdAt, seenAt }: Session, now: number) =>
    now - createdAt >= sessionMaxS * secondMs ||
    now - Math.max(seenAt, seen.get(key) ?? 0) >= sessionIdleS * secondMs
  /** Call inside a transaction. */
  const remove = (key: string) => {
    seen.delete(key)
    sessions.remove(key)
  }

  return {
    begin(account, now) {
      const id = newToken()
      return state.transact(() => {
        const own: [key: string, session: Session][] = []
        for (const [key, session] of sessions.entries()) {
          if (hasEnded(key, session, now) && mayDelete()) remove(key)
          else if (session.account === account) own.push([key, session])
        }
        own.sort(([, a], [, b]) => b.createdAt - a.createdAt)
        for (const [key] of own.slice(maxOfAccount - 1)) remove(key)
        sessions.put(hashToken(id), { account, createdAt: now, seenAt: now })
        return id
      })
    },
    async find(id, now) {
      const key = hashToken(id)
      const session = sessions.get(key)
      if (session === undefined || hasEnded(key, session, now)) return undefined
      seen.set(key, Math.max(now, seen.get(key) ?? 0))
      if (now - session.seenAt < seenEveryMs) return session.account
      const mark = state.transact(() => {
        // It may have been ended meanwhile.
        if (sessions.get(key) !== undefined) sessions.put(key, { ...session, seenAt: now })
      })
      // A full disk must not keep anybody out.
      await mark.catch(() => {})
      return session.account
    },
    end: id => state.transact(() => remove(hashToken(id))),
    endAll: account =>
      state.transact(() => {
        for (const [key, session] of sessions.entries()) if (session.account === account) remove(key)
      }),
  }
}
