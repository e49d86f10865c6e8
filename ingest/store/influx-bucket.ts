import { LintelError, messageOf } from '../../core/errors.ts'
import { failureOf } from './influx-answers.ts'
import { type Asked, type InfluxHttp, readText } from './influx-http.ts'

/**
 * Creates a bucket of version 2 with unlimited retention:
 * https://docs.influxdata.com/influxdb/v2/api/v2/#operation/PostBuckets
 * If the token may not do that, rejects with STORE_UNAVAILABLE and says how people can create it.
 */
export async function makeBucket(
  http: InfluxHttp,
  org: string,
  bucket: string,
  authorization: string | undefined,
): Promise<void> {
  async function ask(asked: Asked): Promise<string> {
    return http.ask({ ...asked, authorization }, async answer => {
      const text = await readText(answer)
      // 422: somebody else has just created it.
      if (answer.statusCode! < 300 || answer.statusCode === 422) return text
      throw failureOf(answer, text, Date.now())
    })
  }

  try {
    const found = JSON.parse(await ask({ path: `/api/v2/orgs?${new URLSearchParams({ org })}` }))
    const orgID = (found as { orgs?: { id?: string }[] }).orgs?.[0]?.id
    if (orgID === undefined) throw new Error(`no organization is called ${org}`)
    const body = JSON.stringify({ orgID, name: bucket, retentionRules: [] })
    await ask({ path: '/api/v2/buckets', type: 'application/json', body })
  } catch (error) {
    const what = `the bucket "${bucket}" is not there and cannot be made (${messageOf(error)}): influx bucket create --org "${org}" --name "${bucket}" --retention 0`
    throw new LintelError('STORE_UNAVAILABLE', what, { cause: error })
  }
}
