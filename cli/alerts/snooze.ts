import type { DeviceView } from '../../api/operations/operations.ts'
import { LintelError } from '../../core/errors.ts'
import { placeDimensions } from '../../ingest/store/store.ts'
import { contextOf } from '../options.ts'
import { type LangOptions, languageIn } from './look.ts'
import { snoozeRows } from './rows.ts'
import { momentOf, spanOf } from './shift.ts'
import { type AlertWords, wordsOf } from './words.ts'

interface SnoozeOptions extends LangOptions {
  readonly rule?: string
  readonly site?: string
  readonly building?: string
  readonly point?: string
  readonly device?: string
  readonly all?: boolean
  readonly for?: string
  readonly until?: string
  readonly from?: string
  readonly maintenance?: boolean
  readonly note?: string
}

export async function addSnooze(options: SnoozeOptions): Promise<void> {
  const { ask, config, output, json } = contextOf(options)
  const { rule, all = false, maintenance = false, note, from } = options
  const place = Object.fromEntries(
    placeDimensions.flatMap(name => (options[name] === undefined ? [] : [[name, options[name]]])),
  )
  if ((rule === undefined && Object.keys(place).length === 0) !== all)
    throw new LintelError('SNOOZE_INVALID', 'say of what: --rule, --site, --device …, or --all of everything')
  const begins = from === undefined ? undefined : momentOf('--from', from, config.zone)
  const wanted = {
    why: maintenance ? 'maintenance' : 'snooze',
    place,
    ...(rule === undefined ? {} : { rule }),
    ...(note === undefined ? {} : { note }),
    ...(begins === undefined ? {} : { from: begins }),
    until: untilIn(options, config.zone, begins ?? Date.now()),
  } as const
  const { snooze, devices } = await ask('registry', async operations => ({
    snooze: await operations.addSnooze(wanted),
    devices: json || Object.keys(place).length === 0 ? [] : await operations.listDevices(),
  }))
  const language = languageIn(options)
  output.table(snoozeRows([snooze], config.zone, language), snooze)
  if (json) return
  const words = wordsOf(language)
  for (const slip of slipsIn(options, devices, words)) output.say(`${words.warning}${slip}`)
}

/** Unknown names are only reported: the device may be enrolled later. */
const slipsIn = (
  { site, device }: SnoozeOptions,
  devices: readonly DeviceView[],
  { siteUnknown, deviceUnknown }: AlertWords,
): string[] => [
  ...(site === undefined || devices.some(each => each.site === site) ? [] : [siteUnknown(site)]),
  ...(device === undefined || devices.some(each => each.device === device) ? [] : [deviceUnknown(device)]),
]

function untilIn({ for: span, until }: SnoozeOptions, zone: string, begins: number): number {
  if (until !== undefined) return momentOf('--until', until, zone)
  if (span !== undefined) return begins + spanOf('--for', span)
  throw new LintelError('SNOOZE_INVALID', 'say for how long: --for 2h, or --until TIME')
}

export async function listSnoozes(options: LangOptions): Promise<void> {
  const { ask, config, output, json } = contextOf(options)
  const snoozes = await ask('registry', operations => operations.listSnoozes())
  const language = languageIn(options)
  if (snoozes.length === 0 && !json) return output.say(wordsOf(language).nothing)
  output.table(snoozeRows(snoozes, config.zone, language), snoozes)
}

export async function removeSnooze(id: string, options: LangOptions): Promise<void> {
  const { ask, output } = contextOf(options)
  await ask('registry', operations => operations.removeSnooze(id))
  output.say(wordsOf(languageIn(options)).woken(id), { id, removed: true })
}
