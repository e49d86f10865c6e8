import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build } from './build.ts'
import { builtDirectory } from './built.ts'

const root = join(import.meta.dirname, '..', '..')
const directory = builtDirectory(root)
mkdirSync(dirname(directory), { recursive: true })
if (!existsSync(directory)) await build(root, directory)
console.log(directory)
