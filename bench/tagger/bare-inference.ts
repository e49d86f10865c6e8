import { toTensor } from '../../models/input.ts'
import { bundledModels, readModelFile } from '../../models/model-file.ts'
import { createNative } from '../../models/session.ts'

/** `session.run` on one input, over and over, and nothing else: what a tagger could do if that were all. Answers with runs a second. */
const { seconds } = JSON.parse(process.argv[2]!) as { seconds: number }
const { manifest, bytes } = readModelFile(bundledModels.objects)
const native = await createNative(bytes, 1)
const [size] = manifest.input.sizes
const pixels = new Uint8Array(size!.width * size!.height * 3).map((_, index) => (index * 7919) % 256)
const feeds = { [manifest.input.name]: toTensor(pixels, size!, manifest.input) }
for (let i = 0; i < 5; i++) await native.run(feeds)
const started = performance.now()
let runs = 0
while (performance.now() - started < seconds * 1000) {
  await native.run(feeds)
  runs++
}
process.send!(runs / ((performance.now() - started) / 1000))
process.disconnect()
