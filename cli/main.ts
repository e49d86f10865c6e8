#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { findBuilt } from './build/built.ts'

const root = join(import.meta.dirname, '..')
// Caches V8's code of what is loaded below, which saves a quarter of a command's time. If the directory is not writable, there is no cache.
enableCompileCache(join(root, 'node_modules', '.cache', 'lintel'))
await import((await findBuilt(root)) ?? './program.ts')
