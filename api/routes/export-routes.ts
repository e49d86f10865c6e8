import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import Type, { type Static } from 'typebox'
import type { Exported } from '../../flow/export/export-rows.ts'
import { exportFormatNames, exportFormats } from '../../flow/export/formats.ts'
import { scanKinds, scanPlaceColumns } from '../../ingest/store/scan.ts'
import { type Api, answers } from '../guard.ts'
import type { OperationsFor } from '../operations/operations.ts'

const names = (what: string) => Type.Optional(Type.String({ description: `${what}, separated by commas.` }))

export const Bom = Type.Enum(['0', '1'], {
  default: '0',
  description: 'With 1 a byte order mark before a CSV, for Excel.',
})

const ExportSearch = Type.Object(
  {
    kind: Type.Enum([...scanKinds], { description: 'What happened.' }),
    from: Type.String({ description: 'A date or a time, in the zone unless it has an offset.', examples: ['2026-11-01'] }),
    to: Type.String({ description: 'Not included.', examples: ['2026-12-01'] }),
    zone: Type.Optional(Type.String({ description: 'IANA time zone; that of the configuration if left out.' })),
    format: Type.Enum(exportFormatNames, { default: 'csv' }),
    columns: names('Only these columns, in this order'),
    cursor: Type.Optional(
      Type.String({ maxLength: 400, description: 'Lintel-Cursor of the part before: the rest, a CSV without its head.' }),
    ),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Ends with the batch in which so many rows are reached.' }),
    ),
    bom: Bom,
    ...Object.fromEntries(scanPlaceColumns.map(name => [name, names('Only of these')])),
  },
  // Accepted here, so that a misspelt filter is reported and not ignored.
  { additionalProperties: Type.String() },
) // biome-ignore format: a table

/** Stored rows as a file. */
export function addExportRoutes(app: Api, operations: OperationsFor): void {
  app.get(
    '/api/v1/export',
    {
      // A HEAD request would produce the whole file, only to discard it.
      exposeHeadRoute: false,
      config: {
        needs: 'rows.export',
        instead: 'what may be told is exported by lintel flow --format, or /api/v1/flow?format=',
        summary:
          'All rows of a kind, as a file. The trailers Lintel-Rows and Lintel-Cursor say how many it has, and where to go on; one that is cut short ends without its last chunk.',
        errors: ['STORE_UNAVAILABLE', 'EXPORT_BUSY'],
        produces: exportFormatNames.map(format => exportFormats[format].mediaType),
      },
      schema: { querystring: ExportSearch, response: answers(Type.String({ description: 'The file.' })) },
    },
    async ({ viewer, query }, reply) => {
      const gone = new AbortController()
      reply.raw.on('close', () => gone.abort(new Error('nobody listens any more')))
      const { kind, from, to, zone, format, columns, cursor, limit, bom, ...rest } = query as Static<
        typeof ExportSearch
      >
      const where = Object.fromEntries(
        Object.entries(rest).map(([name, values]) => [name, String(values).split(',')]),
      )
      const question = {
        kind,
        from,
        to,
        zone,
        format,
        cursor,
        limit,
        where,
        columns: columns?.split(','),
        bom: bom === '1',
      }
      const exported = await operations(viewer).exportRows(question, gone.signal)
      reply.header('lintel-expected', String(exported.expected))
      reply.header('content-disposition', `attachment; filename="${exported.fileName}"`)
      reply.header('trailer', 'Lintel-Rows, Lintel-Cursor')
      return reply
        .type(exported.mediaType)
        .send(Readable.from(withTrailers(exported, reply.raw), { objectMode: false }))
    },
  )
}

/** Trailers: facts that are known only once the file is complete. */
async function* withTrailers(exported: Exported, answer: ServerResponse): AsyncGenerator<Uint8Array> {
  yield* exported.bytes
  const { rows, cursor = '' } = exported.progress()
  answer.addTrailers({ 'Lintel-Rows': String(rows), 'Lintel-Cursor': cursor })
}
