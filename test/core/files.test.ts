import { describe, expect, test } from 'vitest'
import { codeOfFileFault } from '../../core/files.ts'

const cases: { passes: boolean; codes: string[] }[] = [
  {
    passes: true,
    codes: ['ENOSPC', 'EIO', 'EROFS', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EBUSY', 'ESTALE', 'ENOLCK', 'Unknown system error -117'],
  },
  { passes: false, codes: ['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'ELOOP', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE'] },
] // biome-ignore format: a table

describe('a fault of a file that the configuration names', () => {
  for (const { passes, codes } of cases) {
    for (const code of codes) {
      test(`of ${code} ${passes ? 'may pass' : 'is a wrong configuration'}`, () => {
        const fault = Object.assign(new Error(code), { code })
        expect(codeOfFileFault(fault)).toBe(passes ? 'DATA_UNAVAILABLE' : 'CONFIG_INVALID')
      })
    }
  }

  test('that is none of the system is a wrong configuration', () => {
    expect(codeOfFileFault(new Error('others may read it'))).toBe('CONFIG_INVALID')
  })
})
