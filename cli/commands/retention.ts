import { type Command, InvalidArgumentError } from 'commander'
import type { RetentionView } from '../../api/operations/retention-view.ts'
import { dayMs, hourMs, minuteMs, secondMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import { type StoredKind, storedKinds } from '../../devices/contract/kinds.ts'
import { formatLocal, formatLocalMs, parseMoment } from '../../flow/zone.ts'
import type { Deletion } from '../../ingest/retention/deletions.ts'
import { placeDimensions } from '../../ingest/store/store.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../options.ts'

interface EraseOptions extends CommonOptions {
  readonly site?: string
  readonly building?: string
  readonly point?: string
  readonly device?: string
  readonly before: string
  readonly yes?: boolean
}

export function addRetentionCommands(program: Command): void {
  const retention = program.command('retention').description('how old things are, and how old they may be')
  const sub = (name: string, description: string, isDefault = false) =>
    withCommonOptions(retention.command(name, { isDefault }).description(description))
  sub('show', 'what there is, how old it is, and how long it is kept', true).action(show)
  sub('log', 'what was deleted, the newest first')
    .option('--limit <n>', 'at most so many', toCount, 50)
    .action(log)
  sub('verify', 'ask database and file system for what should be gone; exits 1 if there is any').action(
    verify,
  )
  sub('allow', 'say that a deletion is meant that is held because it is of so many rows')
    .argument('<kind>', 'of which kind', toKind)
    .option('--yes', 'do it: nothing brings them back')
    .action(allow)
  sub('erase', 'delete the rows that come from a place')
    .option('--site <name>', 'only of this site')
    .option('--building <name>', 'only of this building')
    .option('--point <name>', 'only of this point')
    .option('--device <id>', 'only of this device')
    .requiredOption('--before <time>', 'events before this time: a date, or RFC 3339')
    .option('--yes', 'do it: nothing brings them back')
    .action(erase)
}

async function show(options: CommonOptions): Promise<void> {
  const { ask, config, output } = contextOf(options)
  const view = await ask('store', operations => operations.retention())
  output.table(rowsOf(view, config.zone), view)
}

function rowsOf({ rows, pictures }: RetentionView, zone: string) {
  const local = (ms: number | undefined) => (ms === undefined ? '' : formatLocal(zone, ms))
  return [
    ...rows.map(({ kind, rows, bytes, oldestAt, days, last, held }) => ({
      what: kind,
      count: rows,
      'size, about': sizeOf(bytes),
      oldest: local(oldestAt),
      'kept for': days === undefined ? 'ever' : `${days} d`,
      'last deletion': last === undefined ? '' : `${local(last.at)}, ${last.rows}`,
      held: held === undefined ? '' : `${held.expected} rows: lintel retention allow ${kind}`,
    })),
    ...pictures.map(({ stage, files, bytes, oldestAt, keepMs = 0, held }) => ({
      what: `pictures, ${stage}`,
      count: files,
      'size, about': sizeOf(bytes),
      oldest: local(oldestAt),
      'kept for': `${lengthOf(keepMs)}${held > 0 ? `, ${held} held` : ''}`,
      'last deletion': '',
      held: '',
    })),
  ]
}

function sizeOf(bytes: number): string {
  if (bytes === 0) return '–'
  return bytes < 50_000 ? '< 0.1 MB' : `${(bytes / 1e6).toFixed(1)} MB`
}

/** In the largest unit that gives a whole number. */
function lengthOf(ms: number): string {
  if (ms === 0) return 'not kept'
  for (const [unit, unitMs] of [['d', dayMs], ['h', hourMs], ['min', minuteMs]] as const) // biome-ignore format: a table
    if (ms % unitMs === 0) return `${ms / unitMs} ${unit}`
  return `${ms / secondMs} s`
}

async function log({ limit, ...options }: CommonOptions & { limit: number }): Promise<void> {
  const { ask, config, output } = contextOf(options)
  const deletions = await ask('store', operations => operations.listDeletions({ limit }))
  output.table(
    deletions.map(deletion => lineOf(deletion, config.zone)),
    deletions,
  )
}

function lineOf({ number, at, kind, of, before, rows, why, oldestAt }: Deletion, zone: string) {
  return {
    number,
    at: formatLocal(zone, at),
    kind,
    of: Object.entries(of ?? {})
      .map(([dimension, name]) => `${dimension} ${name}`)
      .join(', '),
    before: formatLocal(zone, before),
    rows,
    why,
    'oldest left':
      oldestAt === undefined ? 'cut off' : oldestAt === null ? 'none' : formatLocal(zone, oldestAt),
  }
}

async function verify(options: CommonOptions): Promise<void> {
  const { ask, config, output } = contextOf(options)
  const overdue = await ask('store', operations => operations.verifyRetention())
  const rows = overdue.map(({ what, limit, oldestAt }) => ({
    what,
    'should be newer than': formatLocal(config.zone, limit),
    oldest: formatLocal(config.zone, oldestAt),
  }))
  const told = overdue.map(({ limit, ...other }) => ({ ...other, limit: formatLocalMs(config.zone, limit) }))
  if (rows.length === 0) output.say('nothing is older than it may be', told)
  else output.table(rows, told)
  if (rows.length > 0) process.exitCode = 1
}

async function allow(
  kind: StoredKind,
  { yes, ...options }: CommonOptions & { yes?: boolean },
): Promise<void> {
  const { ask, config, output } = contextOf(options)
  if (!yes) {
    const { heldDeletions } = await ask('store', operations => operations.status())
    const held = heldDeletions.find(one => one.kind === kind)
    const what =
      held === undefined
        ? `no deletion of ${kind} is held`
        : `${held.expected} of ${held.of} rows of ${kind} before ${formatLocal(config.zone, held.before)} would be deleted for good: say so with --yes`
    throw new LintelError(held === undefined ? 'DELETION_NOT_HELD' : 'API_REQUEST_INVALID', what)
  }
  const held = await ask('store', operations => operations.allowDeletion(kind))
  output.say(`${held.expected} rows of ${kind} go within a minute, or with the next start`, held)
}

function toKind(text: string): StoredKind {
  if ((storedKinds as readonly string[]).includes(text)) return text as StoredKind
  throw new InvalidArgumentError(`it must be one of ${storedKinds.join(', ')}`)
}

async function erase({ before: text, yes, ...options }: EraseOptions): Promise<void> {
  const { ask, config, output } = contextOf(options)
  const of = Object.fromEntries(
    placeDimensions.flatMap(name => (options[name] === undefined ? [] : [[name, options[name]]])),
  )
  const before = parseMoment(text, config.zone)
  const what = `rows of ${
    Object.entries(of)
      .map(([dimension, name]) => `${dimension} ${name}`)
      .join(', ') || 'everything'
  } before ${formatLocal(config.zone, before)}`
  if (!yes)
    throw new LintelError('API_REQUEST_INVALID', `${what} would be deleted for good: say so with --yes`)
  const deletions = await ask('store', operations => operations.eraseRows({ of, before }))
  if (deletions.length === 0) output.say(`there are no ${what}`, deletions)
  else
    output.table(
      deletions.map(deletion => lineOf(deletion, config.zone)),
      deletions,
    )
}

function toCount(text: string): number {
  const count = Number(text)
  if (!Number.isSafeInteger(count) || count < 1)
    throw new InvalidArgumentError('it must be a number from 1 on')
  return count
}
