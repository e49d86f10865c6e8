import Type from 'typebox'
import { type Api, answers } from '../guard.ts'
import type { OperationsFor } from '../operations/operations.ts'
import { Moment, Name } from './schemas.ts'

const Count = Type.Integer({ minimum: 0 })
const ChannelSchema = Type.Object({
  name: Name,
  kind: Type.String({ examples: ['webhook'] }),
  sites: Type.Optional(
    Type.Array(Type.String(), {
      description: 'It is for alerts of these alone; absent: of all, and of the service.',
    }),
  ),
  waiting: Type.Integer({ minimum: 0, description: 'What is due and not delivered.' }),
  oldestAt: Type.Optional(Moment),
  sent: Count,
  failed: Count,
  undelivered: Type.Integer({ minimum: 0, description: 'Given up.' }),
  sentAt: Type.Optional(Moment),
  fault: Type.Optional(Type.String({ description: 'Of the last try; for a person.' })),
  faultAt: Type.Optional(Moment),
  retryAt: Type.Optional(Moment),
  quietUntil: Type.Optional(Moment),
})

/** Channels that tell people of alerts. */
export function addChannelRoutes(app: Api, operations: OperationsFor): void {
  app.get(
    '/api/v1/channels',
    {
      config: { needs: 'channels.read', summary: 'How people are told of alerts, and how that goes.' },
      schema: { response: answers(Type.Array(ChannelSchema)) },
    },
    ({ viewer }) => operations(viewer).listChannels() as never,
  )
  app.post(
    '/api/v1/channels/:name/test',
    {
      config: {
        needs: 'channels.test',
        summary: 'Sends a message that says that it is a test; answers once it is delivered.',
        errors: ['CHANNEL_NOT_FOUND', 'NOTIFY_FAILED'],
      },
      schema: { params: Type.Object({ name: Name }), response: answers(Type.Null(), 204) },
    },
    async ({ viewer, params }, reply) => {
      await operations(viewer).testChannel(params.name)
      return reply.status(204).send()
    },
  )
}
