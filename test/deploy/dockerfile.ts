import { readFileSync } from 'node:fs'

/** The checkout. */
export const root = new URL('../../', import.meta.url).pathname
export const readRoot = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

export interface Instruction {
  readonly name: string
  readonly text: string
}

/** The instructions of each stage, continued lines put together. */
export function stagesOf(dockerfile: string): Instruction[][] {
  const stages: Instruction[][] = [[]]
  const lines = dockerfile.replace(/^#.*\n/gm, '').replaceAll(/\\\n\s*/g, '')
  for (const line of lines.split('\n').filter(text => text.trim() !== '')) {
    const [, name, text] = /^(\w+)\s+(.*)$/.exec(line)!
    if (name === 'FROM') stages.push([])
    stages.at(-1)!.push({ name: name!, text: text! })
  }
  return stages
}

/** Its one instruction of that name in the last stage. */
export function lastOf(dockerfile: string, name: string): string {
  const found = stagesOf(dockerfile)
    .at(-1)!
    .filter(instruction => instruction.name === name)
  if (found.length !== 1) throw new Error(`the last stage has ${found.length} of ${name}`)
  return found[0]!.text
}

/**
 * Whether a .dockerignore leaves a path out: the last line that matches it, or a folder that it is in, decides.
 * Knows `*` and `!`, which is all that ours has; a `**` or `?` is refused.
 */
export function createIgnore(text: string): (path: string) => boolean {
  const rules = text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => {
      if (/\*\*|\?|\[/.test(line)) throw new Error(`${line}: more than this reads`)
      const pattern = line.replace(/^!/, '').replaceAll('.', '\\.').replaceAll('*', '[^/]*')
      return { ignored: !line.startsWith('!'), pattern: new RegExp(`^${pattern}(?:/|$)`) }
    })
  return path => rules.findLast(({ pattern }) => pattern.test(path))?.ignored ?? false
}
