import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Issued {
  readonly certFile: string
  readonly keyFile: string
}

export interface Authority {
  readonly caFile: string
  issue(commonName: string): Issued
}

/** A CA of its own in the directory, made with openssl, that signs what it is asked to. */
export function createAuthority(directory: string, name: string): Authority {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.pem`,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
  )
  let issued = 0
  return {
    caFile: join(directory, `${name}.pem`),
    issue(commonName) {
      const file = `${name}-${++issued}`
      writeFileSync(join(directory, `${file}.ext`), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
      openssl('req', ...key, '-keyout', `${file}.key`, '-out', `${file}.csr`, '-subj', `/CN=${commonName}`)
      openssl(
        'x509', '-req', '-in', `${file}.csr`, '-CA', `${name}.pem`, '-CAkey', `${name}.key`, '-CAcreateserial',
        '-out', `${file}.pem`, '-days', '2', '-extfile', `${file}.ext`,
      ) // biome-ignore format: one command
      return { certFile: join(directory, `${file}.pem`), keyFile: join(directory, `${file}.key`) }
    },
  }
}
