import { readFileSync } from 'node:fs'
import { createSecureContext, type TLSSocket, type TlsOptions } from 'node:tls'
import { LintelError, messageOf } from '../../core/errors.ts'
import { codeOfFileFault } from '../../core/files.ts'

export interface TlsFiles {
  readonly certFile: string
  readonly keyFile: string
  /** CA whose client certificates name devices. */
  readonly clientCaFile?: string
  readonly clientCertificates: 'none' | 'optional' | 'required'
}

/** The certificate of a server and the CA that it trusts: both can be changed while it listens. */
export type TlsContext = Pick<TlsOptions, 'cert' | 'key' | 'ca' | 'minVersion'>

/** Throws CONFIG_INVALID, or DATA_UNAVAILABLE if a file cannot be read now, and names the key under `mqtt.{name}` that is wrong. */
export function tlsOptions(name: string, files: TlsFiles, handshakeTimeout: number): TlsOptions {
  return {
    ...tlsContext(name, files),
    requestCert: files.clientCertificates !== 'none',
    rejectUnauthorized: files.clientCertificates === 'required',
    handshakeTimeout,
  }
}

/** Reads the files. Throws as `tlsOptions` does. */
export function tlsContext(
  name: string,
  { certFile, keyFile, clientCaFile, clientCertificates }: TlsFiles,
): TlsContext {
  const read = (key: string, path: string) => {
    try {
      return readFileSync(path)
    } catch (error) {
      throw new LintelError(codeOfFileFault(error), `mqtt.${name}.${key} cannot be read: ${messageOf(error)}`)
    }
  }
  // Without it the system's CAs would count, and anybody can have them sign any common name.
  if (clientCertificates !== 'none' && clientCaFile === undefined) {
    throw new LintelError(
      'CONFIG_INVALID',
      `mqtt.${name}.clientCaFile is needed where clientCertificates is ${clientCertificates}`,
    )
  }
  const files = {
    cert: read('certFile', certFile),
    key: read('keyFile', keyFile),
    ...(clientCaFile === undefined ? {} : { ca: read('clientCaFile', clientCaFile) }),
  }
  try {
    createSecureContext(files)
  } catch (error) {
    const what = `mqtt.${name}: certFile, keyFile and clientCaFile do not go together`
    throw new LintelError('CONFIG_INVALID', `${what}: ${messageOf(error)}`)
  }
  return { ...files, minVersion: 'TLSv1.2' }
}

export function commonNameOf(socket: TLSSocket): string | undefined {
  if (!socket.authorized) return undefined
  const { CN } = socket.getPeerCertificate().subject ?? {}
  return typeof CN === 'string' ? CN : undefined
}
