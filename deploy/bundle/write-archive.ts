import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

/** Files belong to root, whoever packs them. GNU tar and the tar of macOS and Windows have different options for that. */
const owners = {
  gnu: ['--owner=0', '--group=0', '--numeric-owner', '--format=gnu'],
  bsd: ['--uid', '0', '--gid', '0', '--format=gnutar'],
}

/** Writes the files at `paths` in `directory`, in this order, compressed, with the system's `tar`. */
export async function writeArchive(directory: string, paths: readonly string[], to: Writable): Promise<void> {
  const kind = (await outputOf('tar', ['--version'])).includes('GNU') ? 'gnu' : 'bsd'
  const tar = spawn('tar', ['-c', ...owners[kind], '-C', directory, '--no-recursion', '-T', '-', '-f', '-'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(tar, 'exit')
  tar.stdin.end(`${paths.join('\n')}\n`)
  await pipeline(tar.stdout, createGzip(), to)
  const [code] = await ended
  if (code !== 0) throw new Error(`tar ended with ${code}`)
}

async function outputOf(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', chunk => {
    output += chunk
  })
  await once(child, 'close')
  return output
}
