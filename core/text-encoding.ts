/**
 * Says why text that was decoded as UTF-8 has another encoding, such as that of files saved by a Chinese Excel; undefined
 * if it is UTF-8. Bytes that cannot be decoded have become U+FFFD. `linesBefore` counts the lines of the same file before
 * this text.
 */
export function faultOfEncoding(text: string, linesBefore = 0): string | undefined {
  const line = (at: number) => linesBefore + text.slice(0, at).split('\n').length
  // In UTF-16 every second byte of Latin text is 0.
  const nul = text.indexOf('\0')
  if (nul >= 0)
    return `line ${line(nul)} is not UTF-8 but looks like UTF-16 ("Unicode text"): save the file as "CSV UTF-8"; ${commands('UTF-16LE', 'Unicode')}`
  const unreadable = text.indexOf('\uFFFD')
  if (unreadable < 0) return undefined
  return `line ${line(unreadable)} is not UTF-8: save the file as "CSV UTF-8"; from GBK: ${commands('GB18030', "GetEncoding('GB18030')")}`
}

const commands = (iconv: string, encoding: string) =>
  `iconv -f ${iconv} -t UTF-8 OLD.csv > NEW.csv, on Windows in PowerShell: [IO.File]::WriteAllText("$pwd\\NEW.csv", [IO.File]::ReadAllText("$pwd\\OLD.csv", [Text.Encoding]::${encoding}))`
