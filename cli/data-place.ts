import { readdirSync } from 'node:fs'
import { type DataPaths, isDataDirectory } from '../core/data-directory.ts'
import { LintelError } from '../core/errors.ts'
import { fileFault } from '../core/files.ts'

/** `data`: there is data of Lintel; `empty`: a directory in which it may begin. */
export type DataPlace = 'data' | 'empty'

/** A disk of its own has this directory before anything is on it. */
const ofFileSystem = 'lost+found'

/**
 * What is at the path of `--data`; nothing is made or changed. Throws CONFIG_INVALID where nothing is there, where
 * something else is, and where this user may not look.
 */
export function lookAtData(paths: DataPaths): DataPlace {
  const { root } = paths
  let names: string[]
  try {
    names = readdirSync(root)
    // The processes' addresses and the token are for the user of the service alone.
    if (isDataDirectory(paths)) {
      readdirSync(paths.run)
      return 'data'
    }
  } catch (error) {
    const { code, path = root } = error as NodeJS.ErrnoException
    if (code === 'EACCES' || code === 'EPERM') throw forbidden(path)
    // A run directory that is missing is made at the next start.
    if (code === 'ENOENT' && path !== root) return 'data'
    if (code !== 'ENOENT') throw wrong(`${root} is no data directory: ${fileFault(error)}`)
    throw wrong(`there is no directory ${root}: is --data right? ${howToBegin(root)}`)
  }
  if (names.every(name => name === ofFileSystem)) return 'empty'
  throw wrong(`there is no data of lintel in ${root}: is --data right? ${howToBegin(root)}`)
}

/** The same for a command that asks about data, for which an empty directory is the wrong one, too. */
export function assertDataIsThere(paths: DataPaths): void {
  if (lookAtData(paths) === 'data') return
  throw wrong(`there is no data of lintel in ${paths.root}: is --data right? ${howToBegin(paths.root)}`)
}

const howToBegin = (root: string) => `lintel up --data ${root} begins one`
const wrong = (why: string) => new LintelError('CONFIG_INVALID', why)

/** The error of a file or directory that is for the user of the service. */
export const forbidden = (path: string) =>
  wrong(
    `this user may not use ${path}: run the command as the user of the service, such as sudo -u lintel lintel …`,
  )
