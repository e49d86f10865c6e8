import { expect, test } from 'vitest'
import { errorCodes } from '../../core/errors.ts'
import { openApiDocument } from '../support/api.ts'

const document = JSON.parse(JSON.stringify(openApiDocument())) as Document

interface Operation {
  operationId: string
  security: object[]
  parameters?: { name: string; in: string }[]
  responses: Record<string, Answer | { $ref: string }>
}
interface Answer {
  description: string
  content?: Record<string, { schema: object }>
}
interface Document {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { responses: Record<string, Answer> }
}
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)

test('docs/openapi.json is what the routes say (npx vitest run test/api/openapi.test.ts -u writes it)', async () => {
  await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot('../../docs/openapi.json')
})

test('every reference inside the OpenAPI document leads somewhere', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!)
  expect(references.length).toBeGreaterThan(20)
  for (const reference of references) {
    const target = reference
      .split('/')
      .reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], document)
    expect(target, reference).toBeDefined()
  }
})

test('every operation has an id of its own, names all parameters of its path, and tells what it answers', () => {
  const ids = operations.map(({ operation }) => operation.operationId)
  expect(new Set(ids).size).toBe(ids.length)
  for (const { path, method, operation } of operations) {
    const named =
      operation.parameters?.filter(parameter => parameter.in === 'path').map(({ name }) => name) ?? []
    expect(named, path).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
    const good = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'))
    expect(good.length, `${method} ${path}`).toBeGreaterThan(0)
    for (const [status, answer] of good)
      expect((answer as Answer).content !== undefined, `${method} ${path} ${status}`).toBe(status !== '204')
  }
})

test('every problem that is told of has a code of ours', () => {
  for (const { operation } of operations)
    for (const [status, answer] of Object.entries(operation.responses))
      expect('$ref' in answer).toBe(!status.startsWith('2'))
  for (const { description, content } of Object.values(document.components.responses)) {
    for (const code of description.split(', ')) expect(Object.keys(errorCodes)).toContain(code)
    expect(Object.keys(content!)).toEqual(['application/problem+json'])
  }
})
