/**
 * Why text that was read as UTF-8 is something else, such as what a Chinese Excel saves; undefined where it is UTF-8. What
 * cannot be read has become U+FFFD. `linesBefore`: of the same file, read before it.
 */
export function faultOfEncoding(text: string, linesBefore = 0): string | undefined {
  const line = (at: number) => linesBefore + text.slice(0, at).split('\n').length
  // Of UTF-16 every second byte of a Latin letter is 0.
  const nul = text.indexOf('\0')
  if (nul >= 0)
    return `line ${line(nul)} is not UTF-8 but looks like UTF-16 ("Unicode text"): save the file as "CSV UTF-8"; ${commands('UTF-16LE', 'Unicode')}`
  const unreadable = text.indexOf('\uFFFD')
  if (unreadable < 0) return undefined
  return `line ${line(unreadable)} is not UTF-8: save the file as "CSV UTF-8"; from GBK: ${commands('GB18030', "GetEncoding('GB18030')")}`
}

const commands = (iconv: string, encoding: string) =>
  `iconv -f ${iconv} -t UTF-8 OLD.csv > NEW.csv, on Windows in PowerShell: [IO.File]::WriteAllText("$pwd\\NEW.csv", [IO.File]::ReadAllText("$pwd\\OLD.csv", [Text.Encoding]::${encoding}))`
