import { createAccess } from '../../api/access/access.ts'
import { createApp } from '../../api/app.ts'
import type { Operations } from '../../api/operations/operations.ts'
import { parseConfig } from '../../config/config.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'

/** The API's routes over operations of a test; the operator's token is `secret`. */
export const apiOver = (operations: Partial<Operations>, ready?: () => Promise<void>) =>
  appOver(operations, ready).app

function appOver(operations: Partial<Operations>, ready?: () => Promise<void>) {
  const config = parseConfig({})
  const clock = () => 0
  return createApp({
    operations: () => operations as Operations,
    access: createAccess(createMemoryState(), clock, config),
    operatorToken: 'secret',
    config,
    clock,
    ...(ready === undefined ? {} : { ready }),
  })
}

/** What the routes tell of themselves. */
export function openApiDocument(): object {
  return appOver({}).openApi()
}
