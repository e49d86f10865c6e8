/** A text of this length or less is no picture: even a thumbnail of 32 × 32 pixels is longer. */
const minLength = 2048
/** The first characters of a JPEG in Base64 and in Base64 for URLs, of a PNG in Base64, and of a data URL. */
const beginnings = ['/9j/', '_9j_', 'iVBORw0KGgo', 'data:image/']

/** True if the value of a member is a picture written as text. Checks only its length and its first characters. */
export const isPictureText = (value: unknown): boolean =>
  typeof value === 'string' &&
  value.length > minLength &&
  beginnings.some(beginning => value.startsWith(beginning))
