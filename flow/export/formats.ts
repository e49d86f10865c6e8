import { arrow } from './arrow.ts'
import { csv } from './csv.ts'
import type { Encoder } from './encoder.ts'
import { jsonLines } from './json-lines.ts'
import { parquet } from './parquet.ts'

export const exportFormats = { csv, jsonl: jsonLines, parquet, arrow } as const satisfies Record<
  string,
  Encoder
>
export type ExportFormat = keyof typeof exportFormats
export const exportFormatNames = Object.keys(exportFormats) as ExportFormat[]
