const known = new Map<string, boolean>()

/** True if a text names an IANA time zone. */
export function isZone(zone: string): boolean {
  let answer = known.get(zone)
  if (answer === undefined) {
    try {
      new Intl.DateTimeFormat('en', { timeZone: zone })
      // Node also accepts offsets such as +08:00, which have no calendar.
      answer = /^[A-Za-z]/.test(zone)
    } catch {
      answer = false
    }
    if (known.size < 1000) known.set(zone, answer)
  }
  return answer
}
