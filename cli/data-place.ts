import { readdirSync } from 'node:fs'
import { type DataPaths, isDataDirectory } from '../core/data-directory.ts'
import { LintelError } from '../core/errors.ts'
import { fileFault } from '../core/files.ts'

/** `data`: it holds data of Lintel; `empty`: a directory where Lintel may begin. */
export type DataPlace = 'data' | 'empty'

/** A separate disk has this directory before anything is stored on it. */
const ofFileSystem = 'lost+found'

/**
 * Checks the path of `--data`, without creating or changing anything. Throws CONFIG_INVALID if nothing is there, if
 * something else is, or if this user may not look.
 */
export function lookAtData(paths: DataPaths): DataPlace {
  const { root } = paths
  let names: string[]
  try {
    names = readdirSync(root)
    // The addresses of the processes and the token are readable only by the service's user.
    if (isDataDirectory(paths)) {
      readdirSync(paths.run)
      return 'data'
    }
  } catch (error) {
    const { code, path = root } = error as NodeJS.ErrnoException
    if (code === 'EACCES' || code === 'EPERM') throw forbidden(path)
    // A missing run directory is created at the next start.
    if (code === 'ENOENT' && path !== root) return 'data'
    if (code !== 'ENOENT') throw wrong(`${root} is no data directory: ${fileFault(error)}`)
    throw wrong(`there is no directory ${root}: is --data right? ${howToBegin(root)}`)
  }
  if (names.every(name => name === ofFileSystem)) return 'empty'
  throw wrong(`there is no data of lintel in ${root}: is --data right? ${howToBegin(root)}`)
}

/** Like `lookAtData`, for a command that reads data: an empty directory is wrong, too. */
export function assertDataIsThere(paths: DataPaths): void {
  if (lookAtData(paths) === 'data') return
  throw wrong(`there is no data of lintel in ${paths.root}: is --data right? ${howToBegin(paths.root)}`)
}

const howToBegin = (root: string) => `lintel up --data ${root} begins one`
const wrong = (why: string) => new LintelError('CONFIG_INVALID', why)

/** The error for a file or directory that belongs to the service's user. */
export const forbidden = (path: string) =>
  wrong(
    `this user may not use ${path}: run the command as the user of the service, such as sudo -u lintel lintel …`,
  )
