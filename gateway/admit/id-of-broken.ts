import { isEventId } from '../../devices/contract/validate.ts'

/** An id stands among the first members, so no more than this is looked at, in bytes. */
const maxHead = 1024
const plainText = '"[^"\\\\]{0,64}"'
const plainValue = `(?:${plainText}|-?[0-9.]{1,20}|true|false|null)`
const idAtStart = new RegExp(
  `^\\s{0,64}\\{\\s{0,64}(?:${plainText}\\s{0,8}:\\s{0,8}${plainValue}\\s{0,8},\\s{0,64}){0,8}"id"\\s{0,8}:\\s{0,8}"([^"\\\\]{1,64})"\\s{0,64}[,}]`,
)

/**
 * The id of a payload that is one event, but not JSON: where it can only be meant, among the first members and the only
 * one of that name in the payload, and is one that may rest. Of an array, and of two objects, undefined.
 */
export function idOfBroken(payload: Buffer): string | undefined {
  const id = idAtStart.exec(payload.toString('latin1', 0, maxHead))?.[1]
  if (!isEventId(id)) return undefined
  return payload.indexOf('"id"', payload.indexOf('"id"') + 1) === -1 ? id : undefined
}
