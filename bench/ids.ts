import { isIdOfPerson } from '../devices/contract/personal-number.ts'
import { createRandom } from '../devices/town/random.ts'
import { type IdForm, idForms } from './ids/forms.ts'
import { numberForms } from './ids/numbers.ts'

export const description =
  "ids taken for a person's number, and numbers taken for an id [--count 1000000] [--seed 1]"

const years = [Date.UTC(2025, 0, 1), Date.UTC(2035, 0, 1)] as const
/** An id is made some seconds before or after the time that its event tells. */
const offMs = 5000

export interface Taken {
  readonly name: string
  readonly count: number
  /** How many of them are taken for a person's number. */
  readonly taken: number
}

/** Draws ids of a form, each with the time of its event. */
export function judgeForm(name: string, form: IdForm, count: number, seed: number): Taken {
  const random = createRandom('ids', name, seed)
  let taken = 0
  for (let n = 0; n < count; n++) {
    const at = random.between(...years)
    if (isIdOfPerson(form(random, at), at + random.between(-offMs, offMs))) taken++
  }
  return { name, count, taken }
}

/** `npm run bench -- ids`: how often each side of docs/decisions/0006-numbers-in-ids.md errs. */
export async function run({ count = 1_000_000, seed = 1 }: Record<string, number>) {
  const judge = (forms: Readonly<Record<string, IdForm>>, each: number) =>
    Object.entries(forms).map(([name, form]) => judgeForm(name, form, each, seed))
  return { seed, ids: judge(idForms, count), numbers: judge(numberForms, Math.ceil(count / 10)) }
}
