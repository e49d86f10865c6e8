import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  dataPaths,
  findEndpoint,
  prepareDataDirectory,
  publishEndpoint,
  withdrawEndpoint,
} from '../../core/data-directory.ts'
import type { LintelError } from '../../core/errors.ts'
import { temporaryDirectory } from '../support/temporary.ts'

async function prepared() {
  const paths = dataPaths(join(await temporaryDirectory(), 'data'))
  prepareDataDirectory(paths)
  return paths
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

function faultOf(act: () => unknown): LintelError {
  try {
    act()
  } catch (error) {
    return error as LintelError
  }
  throw new Error('it threw nothing')
}

describe('a data directory', () => {
  test('is made with all its rooms, for its owner alone', async () => {
    const paths = await prepared()
    expect(readdirSync(paths.root).sort()).toEqual(
      ['FORMAT', 'journal', 'run', 'snapshots', 'state', 'store', 'token', 'uplink', 'waiting'].sort(),
    )
    expect(modeOf(paths.root)).toBe('700')
    expect(modeOf(paths.token)).toBe('600')
    expect(readFileSync(join(paths.root, 'FORMAT'), 'utf8')).toBe('1\n')
    expect(readFileSync(paths.token, 'utf8')).toMatch(/^[\w-]{32}\n$/)
  })

  test('keeps its token when it is prepared again', async () => {
    const paths = await prepared()
    const token = readFileSync(paths.token, 'utf8')
    prepareDataDirectory(paths)
    expect(readFileSync(paths.token, 'utf8')).toBe(token)
  })

  test('gets a token where an empty file was left: it would be no secret', async () => {
    const paths = await prepared()
    writeFileSync(paths.token, '\n')
    prepareDataDirectory(paths)
    expect(readFileSync(paths.token, 'utf8')).toMatch(/^[\w-]{32}\n$/)
    expect(modeOf(paths.token)).toBe('600')
  })

  test('of another format is left alone, and which version to run is said', async () => {
    const paths = await prepared()
    writeFileSync(join(paths.root, 'FORMAT'), '2\n')
    const fault = faultOf(() => prepareDataDirectory(paths))
    expect(fault.code).toBe('DATA_VERSION')
    expect(fault.message).toMatch(/says format 2, this version of lintel reads 1/)
  })

  for (const left of ['', '\n', '\0\0']) {
    test(`whose format file was left as ${JSON.stringify(left)} by a full disk or a power cut is mended`, async () => {
      const paths = await prepared()
      writeFileSync(join(paths.root, 'FORMAT'), left)
      prepareDataDirectory(paths)
      expect(readFileSync(join(paths.root, 'FORMAT'), 'utf8')).toBe('1\n')
    })
  }

  test('of which an endpoint was cut off by a power cut says that nothing runs there', async () => {
    const paths = await prepared()
    writeFileSync(join(paths.run, 'api.json'), '{"url":"http://127')
    expect(findEndpoint(paths, 'api')).toBeUndefined()
  })

  test('that cannot be made is refused by name', async () => {
    const file = join(await temporaryDirectory(), 'file')
    writeFileSync(file, '')
    const fault = faultOf(() => prepareDataDirectory(dataPaths(join(file, 'data'))))
    expect(fault.code).toBe('CONFIG_INVALID')
    expect(fault.message).toContain(file)
  })

  test('says where its processes are, until they withdraw', async () => {
    const paths = await prepared()
    expect(findEndpoint(paths, 'api')).toBeUndefined()
    const endpoint = { url: 'http://127.0.0.1:1', token: 'x', pid: 1 }
    publishEndpoint(paths, 'api', endpoint)
    expect(findEndpoint(paths, 'api')).toEqual(endpoint)
    expect(modeOf(join(paths.run, 'api.json'))).toBe('600')
    withdrawEndpoint(paths, 'api')
    withdrawEndpoint(paths, 'api')
    expect(findEndpoint(paths, 'api')).toBeUndefined()
  })
})
