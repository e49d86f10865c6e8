import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AlertPicture } from '../../api/operations/alert-view.ts'
import { LintelError } from '../../core/errors.ts'
import { captionOf } from '../../gateway/snapshots/caption.ts'
import { contextOf } from '../options.ts'
import { type LangOptions, languageIn } from './look.ts'
import { localTime } from './rows.ts'
import { wordsOf } from './words.ts'

interface PictureOptions extends LangOptions {
  readonly out: string
  readonly all?: boolean
  readonly plain?: boolean
}

/** Writes the redacted pictures of an alert into a directory. Throws ALERT_NOT_FOUND, or SNAPSHOT_NOT_FOUND if there is none. */
export async function savePictures(id: string, options: PictureOptions): Promise<void> {
  const { ask, output, json } = contextOf(options)
  const words = wordsOf(languageIn(options))
  const { alert, read } = await ask('registry', async operations => {
    const alert = await operations.showAlert(id)
    const wanted = options.all ? alert.pictures : alert.pictures.slice(0, 1)
    const read: (readonly [AlertPicture, Buffer])[] = []
    for (const picture of wanted) read.push([picture, await operations.readSnapshot(picture)])
    return { alert, read }
  })
  if (read.length === 0) throw new LintelError('SNAPSHOT_NOT_FOUND', words.noPictures)
  mkdirSync(options.out, { recursive: true })
  // Load the code that reads pictures only when one is shown.
  const { describeSighting, markSighting } = await import('../commands/sightings.ts')
  for (const [picture, jpeg] of read) {
    const { device, event, at } = picture
    const sighting = captionOf(jpeg)
    const file = join(options.out, `${device}-${event.replaceAll(':', '_')}.jpg`)
    writeFileSync(file, options.plain || sighting === undefined ? jpeg : await markSighting(jpeg, sighting))
    const told = [
      words.pictureIn(file, localTime(alert.zone, at)),
      ...(sighting === undefined ? [] : describeSighting(sighting)),
    ]
    output.say(told, { ...picture, sighting, file })
  }
  const more = alert.pictures.length - read.length
  if (more > 0 && !json) output.say(words.morePictures(more))
}
