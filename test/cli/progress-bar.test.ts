import { expect, test } from 'vitest'
import { createProgressBar } from '../../cli/progress-bar.ts'

const terminal = (isTTY: boolean) => {
  let written = ''
  const stream = { isTTY, write: (text: string) => (written += text) } as unknown as NodeJS.WriteStream
  return { stream, written: () => written }
}

test('a progress bar writes over its line, stays within it, and leaves it behind', () => {
  const { stream, written } = terminal(true)
  const bar = createProgressBar(false, stream)
  for (const share of [-1, 0.5, 7]) bar.show(share, 'rows')
  bar.stop()
  bar.stop()
  const lines = written().split('\r').slice(1)
  expect(lines.map(line => line.match(/\d+ % {2}rows/)![0])).toEqual([
    '0 %  rows',
    '50 %  rows',
    '100 %  rows',
  ])
  expect(lines.map(line => line.match(/█/g)?.length ?? 0)).toEqual([0, 20, 40])
  expect(written().match(/\n/g)).toHaveLength(1)
})

test('nothing is written where there is no terminal, or for who wants it quiet', () => {
  for (const [isTTY, quiet] of [
    [false, false],
    [true, true],
  ] as const) {
    const { stream, written } = terminal(isTTY)
    const bar = createProgressBar(quiet, stream)
    bar.show(0.5, 'rows')
    bar.stop()
    expect(written()).toBe('')
  }
})
