import type { Config } from './schema.ts'

/** Keys that a running service applies. A section in this list is applied as a whole. */
const whileRunning: readonly string[] = [
  'log.level',
  'alerts.channels',
  'mqtt.acceptPlaintext',
  'http.acceptPlaintext',
  ...['mqtt.tls', 'mqtt.websocket.tls'].flatMap(section =>
    ['certFile', 'keyFile', 'clientCaFile'].map(key => `${section}.${key}`),
  ),
]

export interface ReloadedConfig {
  /** The configuration that is in force from now on. */
  readonly config: Config
  /** Changed keys that are in force now. */
  readonly taken: readonly string[]
  /** Changed keys that wait for the next start. */
  readonly waiting: readonly string[]
}

/** Files that a running service reads again, each with its key: also one of the same name has other content now. */
export function filesReadAgain(config: Config): string[] {
  return whileRunning
    .filter(key => key.endsWith('File'))
    .flatMap(key => {
      const path = key.split('.').reduce<unknown>((part, name) => (part as Tree | undefined)?.[name], config)
      return typeof path === 'string' ? [`${key}: ${path}`] : []
    })
}

type Tree = Readonly<Record<string, unknown>>

/** Applies `next` to the configuration in force: some keys now, the others at the next start. */
export function reloadedConfig(inForce: Config, next: Config): ReloadedConfig {
  const taken: string[] = []
  const waiting: string[] = []

  function merge(before: Tree, after: Tree, path: string): Tree {
    const merged: Record<string, unknown> = {}
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const name = path === '' ? key : `${path}.${key}`
      const [old, given] = [before[key], after[key]]
      const isSame = JSON.stringify(old) === JSON.stringify(given)
      let value = old
      if (!isSame && whileRunning.includes(name)) {
        taken.push(name)
        value = given
      } else if (!isSame && isSection(old) && isSection(given)) value = merge(old, given, name)
      else if (!isSame) waiting.push(name)
      if (value !== undefined) merged[key] = value
    }
    return merged
  }

  const config = merge(inForce, next, '') as Config
  return { config, taken, waiting }
}

const isSection = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
