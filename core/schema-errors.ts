import type { TSchema } from 'typebox'
import type { Validator } from 'typebox/compile'
import { Settings } from 'typebox/system'
import { Value } from 'typebox/value'

const mostErrors = 1000

/** All faults in something that a person wrote. By default TypeBox stops at eight, which is enough for what a device sends. */
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

/** For a failed pattern: `must be` and the `form` of its schema. Undefined for anything else. */
export function formOf(schema: TSchema, keyword: string, schemaPath: string): string | undefined {
  if (keyword !== 'pattern') return undefined
  const { form } = Object(Value.Pointer.Get(schema, schemaPath.slice(1))) as { form?: string }
  return form && `must be ${form}`
}
