import { appendFileSync, closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs'
import { LintelError, messageOf } from '../../core/errors.ts'
import { type CommonOptions, contextOf } from '../options.ts'

export async function importDevices(
  csv: string,
  options: CommonOptions & { tokens?: string; dryRun?: boolean },
): Promise<void> {
  const { ask, output } = contextOf(options)
  const { dryRun = false } = options
  const tokensFile = options.tokens ?? `${csv.replace(/\.csv$/i, '')}.tokens.csv`
  let text: string
  const isNew = !dryRun && !existsSync(tokensFile)
  try {
    text = readFileSync(csv, 'utf8')
    // Check this before enrolling anything: a token that cannot be written down is lost.
    if (!dryRun) closeSync(openSync(tokensFile, 'a', 0o600))
  } catch (error) {
    throw new LintelError('CONFIG_INVALID', messageOf(error))
  }
  let written = false
  try {
    const report = await ask('enrolment', operations => operations.importDevices(text, { dryRun }))
    const { tokens, ...counts } = report
    if (tokens.length > 0) {
      const rows = tokens.map(({ device, token }) => `${device},${token}\n`)
      appendFileSync(tokensFile, (isNew ? 'device,token\n' : '') + rows.join(''))
      written = true
    }
    const lines = [
      ...(dryRun ? ['nothing was changed: so it would be'] : []),
      `${counts.enrolled} enrolled, ${counts.moved} moved, ${counts.unchanged} unchanged, ${counts.faults.length} refused`,
      ...counts.faults.map(
        ({ row, device, reason }) => `  row ${row}${device === '' ? '' : ` (${device})`}: ${reason}`,
      ),
      ...(written ? [`tokens of the new devices, shown this once, are in ${tokensFile}`] : []),
    ]
    output.say(lines, { ...counts, ...(dryRun ? { dryRun } : {}), ...(written ? { tokensFile } : {}) })
    if (counts.faults.length > 0) process.exitCode = 1
  } finally {
    if (isNew && !written) rmSync(tokensFile)
  }
}
