import { isEventId } from '../../devices/contract/validate.ts'

/** The id is among the first members, so only this many bytes are searched. */
const maxHead = 1024
const plainText = '"[^"\\\\]{0,64}"'
const plainValue = `(?:${plainText}|-?[0-9.]{1,20}|true|false|null)`
const idAtStart = new RegExp(
  `^\\s{0,64}\\{\\s{0,64}(?:${plainText}\\s{0,8}:\\s{0,8}${plainValue}\\s{0,8},\\s{0,64}){0,8}"id"\\s{0,8}:\\s{0,8}"([^"\\\\]{1,64})"\\s{0,64}[,}]`,
)

/**
 * The id of a payload that is one event, but not JSON. The id must be clear: among the first members, the only member of
 * that name in the payload, and valid. Undefined for an array, and for two objects.
 */
export function idOfBroken(payload: Buffer): string | undefined {
  const id = idAtStart.exec(payload.toString('latin1', 0, maxHead))?.[1]
  if (!isEventId(id)) return undefined
  return payload.indexOf('"id"', payload.indexOf('"id"') + 1) === -1 ? id : undefined
}
