import type { AlertChangeView } from '../../api/operations/alert-view.ts'
import { dataPaths, findEndpoint } from '../../core/data-directory.ts'
import { assertDataIsThere } from '../data-place.ts'
import { contextOf } from '../options.ts'
import { note } from '../output.ts'
import { followAlerts } from './follow.ts'
import { type LangOptions, languageIn } from './look.ts'
import { changeLine } from './rows.ts'
import { wordsOf } from './words.ts'

interface WatchOptions extends LangOptions {
  readonly site?: readonly string[]
  readonly after?: number
}

/** Prints a line for each change until it is interrupted. */
export async function watchAlerts(options: WatchOptions): Promise<void> {
  const { data, output, service } = contextOf(options)
  const { site: sites, after } = options
  const language = languageIn(options)
  const paths = dataPaths(data)
  if (service() === undefined) assertDataIsThere(paths)
  const events = followAlerts({
    find: () => service() ?? findEndpoint(paths, 'api'),
    ...(after === undefined ? {} : { after }),
    ...(sites === undefined ? {} : { sites }),
    onPause: ({ message }) => note(wordsOf(language).pause(message)),
  })
  for await (const { event, data } of events) {
    const told = JSON.parse(data) as AlertChangeView
    if (event === 'reset') output.say(wordsOf(language).reset, { event, ...told })
    else output.say(changeLine(told.change, told.alert, language), told)
  }
}
