import type { FastifyRequest } from 'fastify'

/** True if the request came over TLS, possibly to a proxy in front of us. */
export const isSecure = ({ protocol }: Pick<FastifyRequest, 'protocol'>, publicUrl: string | undefined) =>
  protocol === 'https' || publicUrl?.startsWith('https:') === true
