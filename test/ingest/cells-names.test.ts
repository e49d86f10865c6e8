import { assert, constantFrom, oneof, property, string } from 'fast-check'
import { expect, test } from 'vitest'
import { compileCells } from '../../ingest/store/duckdb-cells.ts'
import { cellStatements } from '../../ingest/store/influx-cells.ts'
import { type CellQuery, type Dimension, placeDimensions } from '../../ingest/store/store.ts'

const nasty = oneof(
  string({ unit: 'binary', maxLength: 30 }),
  string({ unit: constantFrom("'", '"', '\\', ';', '-', ' ', '\n', '\0', '$', '1', ')', '/', '*', '%', '栋'), maxLength: 12 }),
  constantFrom("' OR '1'='1", "\\' OR 1=1 --", '"; DROP DATABASE x', '$1', '1e1', '-0', 'Infinity', 'NaN', '0x10', '__proto__'),
) // biome-ignore format: a list
const query = (kind: CellQuery['kind'], dimension: Dimension, values: readonly string[]): CellQuery => ({
  kind,
  segments: [{ from: 0, to: 1000, offsetMs: 0 }],
  stepMs: 10,
  by: ['site'],
  where: { [dimension]: values },
})

test('a name reaches DuckDB as a parameter, never as a part of a statement', () => {
  assert(
    property(constantFrom(...placeDimensions), nasty, nasty, (dimension, one, other) => {
      const { sql, parameters } = compileCells(query('passage', dimension, [one, other]))
      expect(sql).toBe(compileCells(query('passage', dimension, ['x', 'y'])).sql)
      expect(parameters).toEqual([one, other])
    }),
  )
})

test('a word or a lane reaches DuckDB as a number, or not at all', () => {
  assert(
    property(constantFrom(['passage', 'method'], ['vehicle', 'lane']), nasty, ([kind, dimension], value) => {
      const { sql, parameters } = compileCells(query(kind as 'passage', dimension as Dimension, [value]))
      expect(parameters).toEqual([])
      const condition = sql.slice(sql.indexOf('f.at_ms < 1000') + 14, sql.indexOf('GROUP BY'))
      expect(condition.trim()).toMatch(
        /^AND (?:false|f\."method" IN \(\d+\)|coalesce\(f\."lane", '-infinity'::DOUBLE\) IN \((?:-?\d+(?:\.\d+)?(?:e[+-]\d+)?|'-infinity'::DOUBLE)\))$/,
      )
    }),
    { examples: [[['vehicle', 'lane'], '-0'], [['vehicle', 'lane'], '1e+21']] }, // biome-ignore format: examples
  )
})

test('a name reaches InfluxDB within the quotes of one literal', () => {
  const literal = /'(?:[^'\\\p{Cc}]|\\')*'/gu
  const shape = (text: string) => text.replace(literal, '?')
  assert(
    property(constantFrom(...placeDimensions, 'method' as const), nasty, nasty, (dimension, one, other) => {
      const [statement] = cellStatements(query('passage', dimension, [one, other]))
      const [plain] = cellStatements(query('passage', dimension, ['x', 'y']))
      expect(shape(statement!.text)).toBe(shape(plain!.text))
      expect(statement!.text.match(literal)).toHaveLength(2)
    }),
  )
})
