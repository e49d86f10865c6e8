import type { Config } from '../config/config.ts'
import { filesReadAgain, reloadedConfig } from '../config/reload.ts'
import { codeOf, messageOf } from '../core/errors.ts'
import type { Logger } from '../core/log.ts'

export interface ReloadParts {
  /** As the service has it now. */
  readonly inForce: () => Config
  /** The file as it is now, with what the command line says. Throws CONFIG_INVALID. */
  readonly read: () => Config
  /** Faults of the files that a running service would take from it, a line each. */
  readonly faultsOf: (config: Config) => Promise<readonly string[]>
  /** Hands it to the processes, which read certificates and secrets anew. */
  readonly take: (config: Config) => void
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>
}

/**
 * Reads the configuration and the files that it names once more. What can be taken while the service runs is taken, and the
 * rest is named as waiting for a restart; if anything is wrong, nothing changes, and the log has it.
 */
export async function reload({ inForce, read, faultsOf, take, log }: ReloadParts): Promise<void> {
  try {
    const { config, taken, waiting } = reloadedConfig(inForce(), read())
    const faults = await faultsOf(config)
    if (faults.length > 0) return refuse(log, 'CONFIG_INVALID', faults.join('\n'))
    const told = { taken, files: filesReadAgain(config), ...(waiting.length === 0 ? {} : { waiting }) }
    if (waiting.length === 0) log.info(told, 'the configuration and its files are read again')
    else log.warn(told, `the configuration is read again; a restart is needed for ${waiting.join(', ')}`)
    // Behind the line, which a new level of the log might leave out.
    take(config)
  } catch (error) {
    refuse(log, codeOf(error) ?? 'CONFIG_INVALID', messageOf(error))
  }
}

function refuse(log: ReloadParts['log'], code: string, error: string): void {
  log.error({ code, error }, 'the configuration is not taken: what was in force goes on')
}
