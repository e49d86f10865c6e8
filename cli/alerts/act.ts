import type { Outcome } from '../../alerts/book/alert.ts'
import type { Act } from '../../alerts/book/alerts.ts'
import { contextOf } from '../options.ts'
import { type LangOptions, languageIn } from './look.ts'
import { alertRows } from './rows.ts'
import { wordsOf } from './words.ts'

interface NoteOptions extends LangOptions {
  readonly note?: string
}
const noteMember = ({ note }: NoteOptions) => (note === undefined ? {} : { note })

/** One after the other: the first refusal ends it, and acts before it stay done. */
async function act(ids: readonly string[], wanted: Act, options: LangOptions): Promise<void> {
  const { ask, output, json } = contextOf(options)
  const words = wordsOf(languageIn(options))
  await ask('registry', async operations => {
    for (const id of ids) {
      const alert = await operations.actOnAlert(id, wanted)
      const [row = {}] = alertRows([alert], languageIn(options))
      output.say(Object.values(row).filter(Boolean).join('  '), alert)
      if (alert.assigneeUnknown && !json)
        output.say(`${words.warning}${words.accountUnknown(alert.assignee!)}`)
      if (alert.takenBefore && !json)
        output.say(`${words.warning}${words.takenBefore(alert.acknowledgedBy!)}`)
    }
  })
}

export const acknowledge = (ids: string[], options: NoteOptions) =>
  act(ids, { do: 'acknowledge', ...noteMember(options) }, options)
export const resolve = (ids: string[], options: NoteOptions & { as: Outcome }) =>
  act(ids, { do: 'resolve', outcome: options.as, ...noteMember(options) }, options)
export const assign = (id: string, name: string | undefined, options: LangOptions) =>
  act([id], { do: 'assign', to: name ?? null }, options)
export const comment = (id: string, note: string, options: LangOptions) =>
  act([id], { do: 'comment', note }, options)
