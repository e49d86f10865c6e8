import type { TSchema } from 'typebox'
import type { Validator } from 'typebox/compile'
import { Settings } from 'typebox/system'
import { Value } from 'typebox/value'

const mostErrors = 1000

/**
 * What is wrong with what a person wrote, all of it. Of itself typebox stops at eight, which is enough for what a
 * device sends.
 */
export function allErrors(validator: Pick<Validator, 'Check' | 'Errors'>, value: unknown) {
  if (validator.Check(value)) return []
  const { maxErrors } = Settings.Get()
  Settings.Set({ maxErrors: mostErrors })
  try {
    return validator.Errors(value)
  } finally {
    Settings.Set({ maxErrors })
  }
}

/** In place of a pattern: `must be` and what its schema says as `form`. Undefined for anything else. */
export function formOf(schema: TSchema, keyword: string, schemaPath: string): string | undefined {
  if (keyword !== 'pattern') return undefined
  const { form } = Object(Value.Pointer.Get(schema, schemaPath.slice(1))) as { form?: string }
  return form && `must be ${form}`
}
