import { existsSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The extension of the files that run: the sources, or the files built from them. */
const extension = extname(import.meta.url)

function directoryWith(path: string): URL {
  for (let place = fileURLToPath(import.meta.url); place !== dirname(place); place = dirname(place))
    if (existsSync(join(dirname(place), path))) return pathToFileURL(`${dirname(place)}/`)
  throw new Error(`no directory above ${import.meta.url} has ${path}`)
}

const code = directoryWith(`cli/program${extension}`)
const root = directoryWith('package.json')

/** The file of a process or a thread, by its path in the sources without its extension. */
export const entryUrl = (path: string) => new URL(`${path}${extension}`, code)

/** A data file, such as a model or a page, by its path in the sources. */
export const assetUrl = (path: string) => new URL(path, root)
