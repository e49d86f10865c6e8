import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build.ts'
import { builtDirectory } from './built.ts'

const root = join(import.meta.dirname, '..', '..')
const directory = builtDirectory(root)
if (!existsSync(directory)) await build(root, directory)
console.log(directory)
