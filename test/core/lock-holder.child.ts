import { dataPaths } from '../../core/data-directory.ts'
import { codeOf } from '../../core/errors.ts'
import { type LockName, lockDataDirectory } from '../../core/lock.ts'

/** Takes a lock and holds it until it is killed; says whether it got it. */
try {
  lockDataDirectory(dataPaths(process.argv[2]!), process.argv[3] as LockName)
  process.send!('locked')
} catch (error) {
  process.send!(codeOf(error) ?? String(error), () => process.exit(1))
}
process.on('disconnect', () => process.exit(0))
