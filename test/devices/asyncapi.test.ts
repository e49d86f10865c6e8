import { expect, test } from 'vitest'
import { asyncApi } from '../../devices/contract/asyncapi.ts'

test('docs/asyncapi.json is what the schemas say (npx vitest run test/devices/asyncapi.test.ts -u writes it)', async () => {
  await expect(`${JSON.stringify(asyncApi(), null, 2)}\n`).toMatchFileSnapshot('../../docs/asyncapi.json')
})

test('every reference inside the AsyncAPI document leads somewhere', () => {
  const document = JSON.parse(JSON.stringify(asyncApi())) as object
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!)
  expect(references.length).toBeGreaterThan(10)
  for (const reference of references) {
    const target = reference
      .split('/')
      .reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], document)
    expect(target, reference).toBeDefined()
  }
})
