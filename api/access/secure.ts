import type { FastifyRequest } from 'fastify'

/** Whether who asks does so over TLS, be it to a proxy in front of us. */
export const isSecure = ({ protocol }: Pick<FastifyRequest, 'protocol'>, publicUrl: string | undefined) =>
  protocol === 'https' || publicUrl?.startsWith('https:') === true
