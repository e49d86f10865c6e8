/** Texts of this length and less are no picture: a thumbnail of 32 × 32 pixels has more. */
const minLength = 2048
/** How Base64 of a JPEG, also that for URLs, and of a PNG begins, and a data URL. */
const beginnings = ['/9j/', '_9j_', 'iVBORw0KGgo', 'data:image/']

/** Whether the value of a member is a picture written as text. Looks at its length and its first characters only. */
export const isPictureText = (value: unknown): boolean =>
  typeof value === 'string' &&
  value.length > minLength &&
  beginnings.some(beginning => value.startsWith(beginning))
