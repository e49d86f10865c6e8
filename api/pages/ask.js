/** Resolves to the answer of the API; undefined if it has none. Throws the problem, with `status` and `wait` (s); `network` without an answer. */
export async function ask(method, path, body) {
  let response
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers: { 'x-lintel': '1', ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
  } catch {
    throw { code: 'network' }
  }
  if (response.status === 204) return undefined
  const answer = await response.json()
  if (response.ok) return answer
  throw { ...answer, status: response.status, wait: response.headers.get('retry-after') }
}
