import type { Outcome } from '../journal/journal.ts'
import type { Admitted } from './admit-events.ts'
import type { Answers } from './feedback.ts'

/** Most faults of one message that are told one by one, so that answers are left for the next message. */
const toldOfMessage = 5

export function refuseAll(feedback: Answers, faults: Admitted['faults']): void {
  const more = faults.length - toldOfMessage
  for (const [index, { code, reason, id }] of faults.slice(0, toldOfMessage).entries()) {
    const isLast = more > 0 && index === toldOfMessage - 1
    feedback.refuse(code, isLast ? `${reason}; and so were ${more} more of this message` : reason, id)
  }
}

/** Tells the sender of a message what there is to say about it, once the outcomes of its items are known. */
export function answer(feedback: Answers, admitted: Admitted, outcomes: readonly Outcome[]): void {
  const { faults, personal, mended, pictureOf, wantsTime, items } = admitted
  refuseAll(feedback, faults)
  if (personal.length > 0) feedback.cut(personal)
  if (mended.length > 0) feedback.mended(mended)
  if (pictureOf !== undefined) feedback.pictureInEvent(pictureOf)
  if (wantsTime) feedback.tellTime()
  for (const outcome of ['reused', 'restamped'] as const) {
    const item = items[outcomes.indexOf(outcome)]
    if (item !== undefined && 'id' in item) feedback.again(outcome, item.id)
  }
}
