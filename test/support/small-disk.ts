import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished, type TestContext } from 'vitest'
import { needsProgram } from './programs.ts'
import { temporaryDirectory } from './temporary.ts'

export interface SmallDisk {
  /** Where it is mounted. */
  readonly directory: string
  /** Leaves no byte free. */
  fill(): void
  free(): void
  /** Also while somebody has files open on it: they keep what they have. */
  unmount(): void
  mount(): void
}

const run = (program: string, ...args: string[]) => execFileSync(program, args, { stdio: 'pipe' })

/** A disk of its own in a file, of ext4; skips the test where none can be mounted. */
export async function smallDisk(context: TestContext, megabytes: number): Promise<SmallDisk> {
  needsProgram(context, 'mkfs.ext4', 'apt-get install e2fsprogs')
  const image = join(await temporaryDirectory(), 'disk')
  const directory = await temporaryDirectory()
  const filler = join(directory, 'filler')
  // Loop devices want a file that is as long as it says, not one with holes that the real disk might not have.
  run('fallocate', '-l', `${megabytes}M`, image)
  run('mkfs.ext4', '-q', '-m', '0', image)
  const mount = () => void run('mount', '-o', 'loop', image, directory)
  const unmount = () => void run('umount', '-l', directory)
  try {
    mount()
  } catch {
    return context.skip('a disk cannot be mounted: run the tests as root, with CAP_SYS_ADMIN, on Linux')
  }
  onTestFinished(() => {
    try {
      unmount()
    } catch {
      // The test has done it.
    }
  })
  return {
    directory,
    fill() {
      const file = openSync(filler, 'a')
      let size = 1024 * 1024
      while (size >= 1024) {
        try {
          writeSync(file, Buffer.alloc(size))
        } catch {
          size /= 2
        }
      }
      closeSync(file)
    },
    free: () => rmSync(filler),
    unmount,
    mount,
  }
}
