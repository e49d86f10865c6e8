import { expect, test } from 'vitest'
import { Pulse } from '../../cli/pulse.ts'

/** How many questions go unanswered before it is given up. */
function questions(pulse: Pulse): number {
  let n = 0
  while (pulse.ask()) n++
  return n
}

test('a process is given up after so many questions without an answer, more before it is ready', () => {
  const pulse = new Pulse(3, 7)
  expect(questions(pulse)).toBe(7)
  pulse.ready()
  expect(questions(pulse)).toBe(3)
})

test('an answer, however late, begins the count anew', () => {
  const pulse = new Pulse(3, 3)
  for (let n = 0; n < 100; n++) {
    pulse.ask()
    pulse.ask()
    pulse.answered()
  }
  expect(questions(pulse)).toBe(3)
})
