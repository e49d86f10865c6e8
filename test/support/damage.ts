import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'

const pageBytes = 4096

/** What a failing disk does to a file. Each changes one place and says where. */
export const damages = {
  'a bit is turned over': (file: number, random: () => number) =>
    turnBit(file, Math.floor(random() * sizeOf(file)), random),
  'a bit in the head of a page is turned over': (file: number, random: () => number) =>
    turnBit(file, somePage(file, random) * pageBytes + Math.floor(random() * 64), random),
  'a bit in the first two pages is turned over': (file: number, random: () => number) =>
    turnBit(file, Math.floor(random() * 2) * pageBytes + Math.floor(random() * 170), random),
  'a page is zeroed': (file: number, random: () => number) =>
    writePage(file, somePage(file, random), Buffer.alloc(pageBytes)),
  'a page is garbage': (file: number, random: () => number) =>
    writePage(
      file,
      somePage(file, random),
      Buffer.from(Array.from({ length: pageBytes }, () => Math.floor(random() * 256))),
    ),
  'a page holds what is in another': (file: number, random: () => number) => {
    const other = Buffer.alloc(pageBytes)
    readSync(file, other, 0, pageBytes, somePage(file, random) * pageBytes)
    return writePage(file, somePage(file, random), other)
  },
  'the file is cut': (file: number, random: () => number) => {
    const to = Math.floor(random() * sizeOf(file))
    ftruncateSync(file, to)
    return `cut to ${to}`
  },
} as const

export type Damage = keyof typeof damages

export function damage(path: string, what: Damage, random: () => number): string {
  const file = openSync(path, 'r+')
  try {
    return damages[what](file, random)
  } finally {
    closeSync(file)
  }
}

const sizeOf = (file: number) => fstatSync(file).size
const somePage = (file: number, random: () => number) => Math.floor((random() * sizeOf(file)) / pageBytes)

function turnBit(file: number, at: number, random: () => number): string {
  const byte = Buffer.alloc(1)
  const bit = Math.floor(random() * 8)
  readSync(file, byte, 0, 1, at)
  byte[0]! ^= 1 << bit
  writeSync(file, byte, 0, 1, at)
  return `bit ${bit} of byte ${at}`
}

function writePage(file: number, page: number, bytes: Buffer): string {
  writeSync(file, bytes, 0, pageBytes, page * pageBytes)
  return `page ${page}`
}

export function zeroPage(path: string, page: number): void {
  const file = openSync(path, 'r+')
  writePage(file, page, Buffer.alloc(pageBytes))
  closeSync(file)
}
