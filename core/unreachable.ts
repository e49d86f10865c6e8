import { messageOf } from './errors.ts'

interface NetworkError {
  readonly code?: unknown
  readonly name?: unknown
  readonly hostname?: unknown
  readonly address?: unknown
  readonly port?: unknown
  readonly cause?: unknown
  readonly errors?: readonly unknown[]
}

const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_UNTRUSTED', 'CERT_REJECTED',
]) // biome-ignore format: a list

const timeouts = new Set([
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
])
const cuts = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

/**
 * Says why another program could not be reached over HTTP: its name, the network, the port, TLS, the certificate or a
 * time-out. `fetch` itself says only "fetch failed"; the reason is in its causes.
 */
export function whyUnreachable(error: unknown): string {
  for (const one of causesOf(error)) {
    const why = reasonOf(one)
    if (why !== undefined) return why
  }
  return messageOf(causesOf(error).at(-1))
}

/** The error and its causes, the outermost first. If several addresses were tried, only the error of the first. */
function causesOf(error: unknown): NetworkError[] {
  const causes: NetworkError[] = []
  for (let next = error; next !== undefined && next !== null && causes.length < 8; ) {
    const one = Object(next) as NetworkError
    causes.push(one)
    next = one.cause ?? one.errors?.[0]
  }
  return causes
}

function reasonOf(error: NetworkError): string | undefined {
  const code = String(error.code ?? '')
  if (error.name === 'TimeoutError' || timeouts.has(code)) return 'no answer came in time'
  if (code === 'ENOTFOUND') return `the name ${error.hostname} is not known (${code})`
  if (code === 'EAI_AGAIN') return `the name ${error.hostname} cannot be looked up now (${code})`
  if (code === 'ECONNREFUSED') return `nothing listens on ${addressOf(error)} (${code})`
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH')
    return `there is no way through the network to ${addressOf(error)} (${code})`
  if (code === 'CERT_HAS_EXPIRED') return `its certificate has expired (${code})`
  if (code === 'CERT_NOT_YET_VALID')
    return `its certificate is not valid yet, by the clock of this machine (${code})`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `its certificate is for another name (${code})`
  if (untrusted.has(code))
    return `its certificate is of no CA that is trusted here (${code}); NODE_EXTRA_CA_CERTS=ca.pem adds one`
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return `it does not speak TLS there (${code}): is the address one of http:?`
  if (code.startsWith('HPE_'))
    return `what answers there speaks no HTTP (${code}): is the address one of https:?`
  if (cuts.has(code)) return `the connection was cut (${code})`
  return undefined
}

function addressOf({ address, port }: NetworkError): string {
  const host = String(address)
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
