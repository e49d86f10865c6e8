import type { Config } from '../config/config.ts'
import { type Clock, secondMs } from '../core/clock.ts'
import { type ErrorCode, LintelError, messageOf } from '../core/errors.ts'
import type { HttpOptions } from '../core/http.ts'
import { createIdentify } from './access/identify.ts'
import { createSignIn } from './access/sign-in.ts'
import { type Api, createApiHttp } from './guard.ts'
import type { AlertLive } from './live/alert-live.ts'
import { createOpenApi } from './openapi.ts'
import type { OperationParts } from './operations/operation-parts.ts'
import type { OperationsFor } from './operations/operations.ts'
import { addPages } from './pages/pages.ts'
import { addLiveRoutes } from './routes/live-routes.ts'
import { addRoutes } from './routes/routes.ts'
import { addSessionRoutes } from './routes/session-routes.ts'
import { createTurns, type TurnLimits, type Turns } from './turns.ts'

export interface AppParts {
  readonly operations: OperationsFor
  readonly access: OperationParts['access']
  readonly operatorToken: string
  readonly config: Pick<Config, 'http' | 'zone'>
  readonly clock: Clock
  /** Absent on a gateway alone. It stops with the app. */
  readonly live?: AlertLive | undefined
  /** Rejects with the reason why devices are not let in; if left out, they always are. */
  readonly ready?: () => Promise<void>
  readonly onError?: HttpOptions['onError']
  readonly onProblem?: (code: ErrorCode) => void
}

/** A flow query can return a million rows, which take 150 MB; dashboards send a dozen small ones at once. */
const turnLimits: TurnLimits = {
  atOnce: 4,
  ofOne: 2,
  keptForStaff: 1,
  waitingOfOne: 16,
  waiting: 64,
  waitMs: 20 * secondMs,
}

/** All routes, and the document that describes them. Throws CONFIG_INVALID. */
export function createApp({
  operations,
  access,
  operatorToken,
  config,
  clock,
  live,
  ready = async () => {},
  onError,
  onProblem,
}: AppParts): {
  app: Api
  turns: Turns
  openApi: () => object
} {
  const identify = createIdentify({ ...access, operatorToken, clock, publicUrl: config.http.publicUrl })
  const app = openHttp()
  const openApi = createOpenApi(app)
  const turns = createTurns(turnLimits)
  addRoutes(app, operations, { identify, turns, ready })
  addLiveRoutes(app, { live, identify })
  addSessionRoutes(app, { access, signIn: createSignIn({ ...access, clock }), config, clock })
  openApi.addRoute(app)
  addPages(app)
  return { app, turns, openApi: openApi.document }

  function openHttp(): Api {
    try {
      return createApiHttp({
        identify,
        trustProxy: config.http.trustProxy,
        publicUrl: config.http.publicUrl,
        ...(onError === undefined ? {} : { onError }),
        ...(onProblem === undefined ? {} : { onProblem }),
      })
    } catch (error) {
      throw new LintelError('CONFIG_INVALID', `http.trustProxy: ${messageOf(error)}`)
    }
  }
}
