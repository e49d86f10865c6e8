import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { forbidden } from '../data-place.ts'
import type { Finding } from './finding.ts'

export function nodeVersion(): Finding {
  const major = Number(process.versions.node.split('.')[0])
  const finding = `Node ${process.versions.node}`
  if (major === 24) return { check: 'runtime', result: 'ok', finding }
  return {
    check: 'runtime',
    result: 'warning',
    finding: `${finding}; lintel is tested with Node 24: start it as ./cli/lintel or by npm`,
  }
}

export async function freeSpace(root: string, reserveBytes: number): Promise<Finding> {
  const { bavail, bsize } = await statfs(root)
  return spaceFinding(bavail * bsize, reserveBytes)
}

export function spaceFinding(free: number, reserveBytes: number): Finding {
  const finding = `${gigabytes(free)} free, ${gigabytes(reserveBytes)} are kept in reserve`
  if (free < reserveBytes)
    return {
      check: 'free space',
      result: 'problem',
      finding: `${finding}: devices are refused until there is more`,
    }
  return { check: 'free space', result: free < 4 * reserveBytes ? 'warning' : 'ok', finding }
}

/** Magic numbers of statfs(2). The journal is a memory-mapped file, which no network file system keeps coherent. */
const networkFileSystems = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9p'],
])

export async function fileSystem(root: string): Promise<Finding> {
  const { type } = await statfs(root)
  const name = networkFileSystems.get(type)
  if (name === undefined)
    return { check: 'file system', result: 'ok', finding: `local (type 0x${type.toString(16)})` }
  return {
    check: 'file system',
    result: 'problem',
    finding: `${name}: put the data directory on a local disk`,
  }
}

export function flushSpeed(root: string): Finding {
  const path = join(root, 'doctor.tmp')
  const file = openForWriting(path)
  const times: number[] = []
  try {
    for (let i = 0; i < 20; i++) {
      const started = performance.now()
      writeSync(file, Buffer.alloc(4096, i))
      fdatasyncSync(file)
      times.push(performance.now() - started)
    }
  } finally {
    closeSync(file)
    rmSync(path)
  }
  const median = times.sort((a, b) => a - b)[10]!
  const finding = `a flush takes ${median.toFixed(1)} ms (median of 20)`
  if (median < 0.05)
    return {
      check: 'disk',
      result: 'warning',
      finding: `${finding}: so fast that it may not reach the disk at all`,
    }
  return {
    check: 'disk',
    result: median > 50 ? 'warning' : 'ok',
    finding: median > 50 ? `${finding}: acks will be slow` : finding,
  }
}

/** Throws CONFIG_INVALID if this user may not. */
function openForWriting(path: string): number {
  try {
    return openSync(path, 'w')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw forbidden(path)
    throw error
  }
}

export async function port(
  name: string,
  { host, port: number }: { host: string; port: number },
): Promise<Finding> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', error =>
      resolve({
        check: name,
        result: 'problem',
        finding: `${host}:${number} cannot be used: ${error.message}`,
      }),
    )
    server.listen(number, host, () =>
      server.close(() => resolve({ check: name, result: 'ok', finding: `${host}:${number} is free` })),
    )
  })
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`
