import type { Endpoint } from '../../core/data-directory.ts'

/** The metrics of a service, as its operator. */
export async function metricsOf({ url, token }: Endpoint): Promise<string> {
  return (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text()
}
