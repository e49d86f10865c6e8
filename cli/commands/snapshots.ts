import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import type { Operations, SnapshotView } from '../../api/operations/operations.ts'
import { dayMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import { formatLocal, formatLocalMs, parseMoment } from '../../flow/zone.ts'
import { captionOf } from '../../gateway/snapshots/caption.ts'
import type { PictureKey } from '../../gateway/snapshots/snapshots.ts'
import { type CommonOptions, type Context, contextOf, withCommonOptions } from '../options.ts'

interface RangeOptions extends CommonOptions {
  readonly device?: string
  readonly from?: string
  readonly to?: string
}

const page = 1000
const holdDays = 30

export function addSnapshotCommands(program: Command): void {
  const snapshot = program.command('snapshot').description('pictures, redacted, and what was seen on them')
  const sub = (name: string, description: string) =>
    withCommonOptions(snapshot.command(name).description(description))
  const ranged = (name: string, description: string) =>
    sub(name, description)
      .option('--device <id>', 'only of this device')
      .option('--from <time>', 'events from this time on: a date, or RFC 3339')
      .option('--to <time>', 'and before this one')

  ranged('list', 'the newest first').option('--limit <n>', 'at most so many', toCount, 50).action(list)
  sub('show [device] [event]', 'what is on one, and the picture with its boxes; the newest if none is named')
    .option('--out <file>', 'write the picture there (default: to no file)')
    .option('--plain', 'as it is kept, without boxes')
    .action(show)
  ranged('export <dir>', 'pictures as files, and snapshots.jsonl with what was seen on each').action(
    exportAll,
  )
  sub('hold <device> <event>', 'keep one beyond its time')
    .option('--days <n>', 'so long', toCount, holdDays)
    .requiredOption('--reason <text>', 'why; it is shown with the picture')
    .action(hold)
  sub('release <device> <event>', 'hold it no longer').action(release)
  sub('original <device> <event>', 'decrypt an original, where those are kept')
    .requiredOption('--out <file>', 'where to')
    .action(original)
}

async function list(options: RangeOptions & { limit: number }): Promise<void> {
  const context = contextOf(options)
  const { ask, config, output } = context
  const found = await ask('registry', operations =>
    operations.listSnapshots({ ...rangeOf(options, context), limit: options.limit }),
  )
  const rows = found.map(({ device, event, at, site, building, point, bytes, urgent, hold }) => ({
    at: formatLocal(config.zone, at),
    device,
    event,
    site,
    building,
    point,
    kB: Math.round(bytes / 1000),
    urgent: urgent ? 'yes' : '',
    held: hold === undefined ? '' : formatLocal(config.zone, hold.until),
  }))
  output.table(rows, found)
}

async function show(
  device: string | undefined,
  event: string | undefined,
  options: CommonOptions & { out?: string; plain?: boolean },
): Promise<void> {
  const { ask, config, output } = contextOf(options)
  const { view, jpeg } = await ask('registry', async operations => {
    const view = await find(operations, device, event)
    return { view, jpeg: await operations.readSnapshot(view) }
  })
  const sighting = captionOf(jpeg)
  // Load the code that reads pictures only when one is shown: a supervisor should be small.
  const { describeSighting, markSighting } = await import('./sightings.ts')
  const { out, plain } = options
  if (out !== undefined)
    writeFileSync(out, plain || sighting === undefined ? jpeg : await markSighting(jpeg, sighting))
  const lines = [
    `${view.device}  ${view.site} / ${view.building} / ${view.point}`,
    `event ${view.event} at ${formatLocal(config.zone, view.at)}`,
    ...(sighting === undefined ? ['nothing is said of what was seen'] : describeSighting(sighting)),
    ...(view.hold === undefined
      ? []
      : [`held until ${formatLocal(config.zone, view.hold.until)}: ${view.hold.reason}`]),
    out === undefined ? 'the redacted picture: again with --out FILE.jpg' : `redacted picture in ${out}`,
  ]
  output.say(lines, { ...view, sighting, ...(out === undefined ? {} : { file: out }) })
}

async function find(operations: Operations, device?: string, event?: string): Promise<SnapshotView> {
  if (device !== undefined && event !== undefined) return operations.showSnapshot({ device, event })
  const [newest] = await operations.listSnapshots({ limit: 1, ...(device === undefined ? {} : { device }) })
  if (newest !== undefined) return newest
  throw new LintelError('SNAPSHOT_NOT_FOUND', 'there is no picture yet')
}

async function exportAll(directory: string, options: RangeOptions): Promise<void> {
  const context = contextOf(options)
  const { ask, config, output } = context
  mkdirSync(directory, { recursive: true })
  const lines: string[] = []
  await ask('registry', async operations => {
    let last: SnapshotView | undefined
    for (;;) {
      const found: SnapshotView[] = await operations.listSnapshots({
        ...rangeOf(options, context),
        ...(last === undefined ? {} : { after: last }),
        limit: page,
      })
      for (const view of found) {
        const jpeg = await readIfThere(operations, view)
        // Deleted since it was listed.
        if (jpeg === undefined) continue
        const { device, event, at, site, building, point } = view
        const file = `${device}-${event.replaceAll(':', '_')}.jpg`
        writeFileSync(join(directory, file), jpeg)
        const row = {
          device,
          event,
          at: formatLocalMs(config.zone, at),
          site,
          building,
          point,
          file,
          sighting: captionOf(jpeg),
        }
        lines.push(JSON.stringify(row))
      }
      last = found.at(-1)
      if (found.length < page) return
    }
  })
  writeFileSync(join(directory, 'snapshots.jsonl'), lines.map(line => `${line}\n`).join(''))
  output.say(`${lines.length} pictures are in ${directory}`, { pictures: lines.length, directory })
}

async function readIfThere(operations: Operations, key: PictureKey): Promise<Buffer | undefined> {
  try {
    return await operations.readSnapshot(key)
  } catch (error) {
    if (error instanceof LintelError && error.code === 'SNAPSHOT_NOT_FOUND') return undefined
    throw error
  }
}

async function hold(
  device: string,
  event: string,
  options: CommonOptions & { days: number; reason: string },
): Promise<void> {
  const { ask, config, output } = contextOf(options)
  const until = Date.now() + options.days * dayMs
  await ask('registry', operations =>
    operations.holdSnapshot({ device, event }, { until, reason: options.reason }),
  )
  output.say(`held until ${formatLocal(config.zone, until)}`, { device, event, until })
}

async function release(device: string, event: string, options: CommonOptions): Promise<void> {
  const { ask, output } = contextOf(options)
  await ask('registry', operations => operations.releaseSnapshot({ device, event }))
  output.say('held no longer', { device, event })
}

async function original(
  device: string,
  event: string,
  options: CommonOptions & { out: string },
): Promise<void> {
  const { ask, output } = contextOf(options)
  const picture = await ask('registry', operations => operations.readOriginal({ device, event }))
  writeFileSync(options.out, picture, { mode: 0o600 })
  output.say(`the original, faces and all, is in ${options.out}: delete it when you are done`, {
    file: options.out,
  })
}

function rangeOf({ device, from, to }: RangeOptions, { config }: Context) {
  return {
    ...(device === undefined ? {} : { device }),
    ...(from === undefined ? {} : { from: momentOf('--from', from, config.zone) }),
    ...(to === undefined ? {} : { to: momentOf('--to', to, config.zone) }),
  }
}

function momentOf(option: string, text: string, zone: string): number {
  const moment = parseMoment(text, zone)
  if (!Number.isNaN(moment)) return moment
  throw new LintelError(
    'API_REQUEST_INVALID',
    `${option} must be a date or a time such as 2026-11-21T08:00:00+08:00`,
  )
}

function toCount(text: string): number {
  const n = Number(text)
  if (!Number.isSafeInteger(n) || n < 1) throw new InvalidArgumentError('it must be a whole number from 1 on')
  return n
}
