import Type from 'typebox'
import { version } from '../../core/version.ts'
import { type Api, type ApiHttpOptions, answers } from '../guard.ts'

const HealthSchema = Type.Object({
  status: Type.Literal('ok'),
  version: Type.String(),
  pid: Type.Optional(Type.Integer({ description: 'For those whom the service knows.' })),
})
const LiveSchema = Type.Object({ status: Type.Literal('ok') })
const ReadySchema = Type.Object({ status: Type.Literal('ready') })

export interface HealthParts {
  readonly identify: ApiHttpOptions['identify']
  /** Rejects with the reason why devices are not let in, or their data is not accepted. */
  readonly ready: () => Promise<void>
}

/** For whatever starts and watches the service, such as a container engine or a load balancer: no account, no numbers. */
export function addHealthRoutes(app: Api, { identify, ready }: HealthParts): void {
  app.get(
    '/healthz',
    {
      config: { needs: 'nothing', summary: 'Whether the process that has the API answers.' },
      schema: { response: answers(LiveSchema) },
    },
    async () => ({ status: 'ok' as const }),
  )
  app.get(
    '/readyz',
    {
      config: {
        needs: 'nothing',
        summary: 'Whether devices are let in and what they send is taken; 503 with the reason otherwise.',
        errors: ['JOURNAL_FULL', 'JOURNAL_DISK_LOW', 'JOURNAL_COMMIT_FAILED', 'JOURNAL_CLOSED'],
      },
      schema: { response: answers(ReadySchema) },
    },
    async () => {
      await ready()
      return { status: 'ready' as const }
    },
  )
  app.get(
    '/api/v1/health',
    {
      config: { needs: 'nothing', summary: 'Whether the API is up, and of which version.' },
      schema: { response: answers(HealthSchema) },
    },
    async request => {
      const known = await identify(request)
      return { status: 'ok' as const, version, ...(known === undefined ? {} : { pid: process.pid }) }
    },
  )
}
