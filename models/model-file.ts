import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LintelError, messageOf } from '../core/errors.ts'
import { assetUrl } from '../core/installation.ts'
import { type Manifest, readManifest } from './manifest.ts'

/** A manifest and the bytes of its model, checked to belong together. */
export interface ModelFile {
  readonly manifest: Manifest
  readonly bytes: Uint8Array
}

/** The models that come with Lintel. */
export const bundledModels = {
  objects: fileURLToPath(assetUrl('models/nanodet-g.json')),
  faces: fileURLToPath(assetUrl('models/blazeface-back.json')),
} as const

/** Throws what readManifest throws, MODEL_FILE_MISSING and MODEL_HASH_WRONG. */
export function readModelFile(manifestPath: string): ModelFile {
  const manifest = readManifest(manifestPath)
  const path = join(dirname(manifestPath), manifest.file)
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw new LintelError('MODEL_FILE_MISSING', `the model cannot be read: ${messageOf(error)}`)
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (sha256 !== manifest.sha256) {
    throw new LintelError(
      'MODEL_HASH_WRONG',
      `${path} has the sha256 ${sha256}, its manifest says ${manifest.sha256}`,
    )
  }
  return { manifest, bytes }
}
