/**
 * Text in tags and in questions. Line protocol has no way to say that a tag's value ends with a backslash
 * (it would escape what comes next) or holds a line's end, so these, and the sign that stands for them, are
 * written as in a URL: `50%` rests as `50%25`. Every other character, of whatever script, is kept.
 */
const unsayable = /[%\\\p{Cc}]/gu
const said = /%([0-9A-F]{2})/g

export const toTag = (text: string) =>
  text
    .toWellFormed()
    .replace(unsayable, char => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)

export const fromTag = (tag: string) =>
  tag.includes('%') ? tag.replace(said, (_, code) => String.fromCharCode(Number.parseInt(code, 16))) : tag

/** `,key=value` as it stands in a line; nothing for an empty value, which line protocol does not know. */
export const tagText = (key: string, value: string) =>
  value === '' ? '' : `,${key}=${toTag(value).replace(/[,= ]/g, '\\$&')}`

/** A string field, quoted. The contract's own texts have no control characters; where one has, it is a space. */
export const stringField = (value: string) =>
  `"${value
    .toWellFormed()
    .replace(/\p{Cc}/gu, ' ')
    .replace(/["\\]/g, '\\$&')}"`

/** A tag's value as a literal of InfluxQL: after `toTag` an apostrophe is all that could end it. */
export const literal = (value: string) => `'${toTag(value).replaceAll("'", "\\'")}'`
