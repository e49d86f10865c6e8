/**
 * Text in tags and in queries. Line protocol cannot express a tag value that ends with a backslash (it would escape the
 * next character) or contains a line break. These characters, and the percent sign, are encoded as in a URL: `50%` is
 * stored as `50%25`. Every other character of any script is kept.
 */
const unsayable = /[%\\\p{Cc}]/gu
const said = /%([0-9A-F]{2})/g

export const toTag = (text: string) =>
  text
    .toWellFormed()
    .replace(unsayable, char => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)

export const fromTag = (tag: string) =>
  tag.includes('%') ? tag.replace(said, (_, code) => String.fromCharCode(Number.parseInt(code, 16))) : tag

/** `,key=value` for a line; nothing for an empty value, which line protocol does not allow. */
export const tagText = (key: string, value: string) =>
  value === '' ? '' : `,${key}=${toTag(value).replace(/[,= ]/g, '\\$&')}`

/** A quoted string field. The contract's own texts have no control characters; any others become spaces. */
export const stringField = (value: string) =>
  `"${value
    .toWellFormed()
    .replace(/\p{Cc}/gu, ' ')
    .replace(/["\\]/g, '\\$&')}"`

/** A tag's value as an InfluxQL literal: after `toTag`, only an apostrophe could end it. */
export const literal = (value: string) => `'${toTag(value).replaceAll("'", "\\'")}'`
