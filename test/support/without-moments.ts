const moments = ['receivedAt', 'now']

/** As JSON, without when it happened: by chance a moment has any three digits. */
export const withoutMoments = (value: unknown): string =>
  JSON.stringify(value, (name, member) => (moments.includes(name) ? undefined : member))
