import type { Config } from '../config/config.ts'
import { filesReadAgain, reloadedConfig } from '../config/reload.ts'
import { codeOf, messageOf } from '../core/errors.ts'
import type { Logger } from '../core/log.ts'

export interface ReloadParts {
  /** The configuration that the service uses now. */
  readonly inForce: () => Config
  /** The current file, with the command line's options. Throws CONFIG_INVALID. */
  readonly read: () => Config
  /** Faults of the files that a running service would read again, one line each. */
  readonly faultsOf: (config: Config) => Promise<readonly string[]>
  /** Passes it to the processes, which read certificates and secrets again. */
  readonly take: (config: Config) => void
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>
}

/**
 * Reads the configuration and the files it names again. Settings that can change while the service runs take effect;
 * the others are reported as waiting for a restart. If anything is wrong, nothing changes, and the log says why.
 */
export async function reload({ inForce, read, faultsOf, take, log }: ReloadParts): Promise<void> {
  try {
    const { config, taken, waiting } = reloadedConfig(inForce(), read())
    const faults = await faultsOf(config)
    if (faults.length > 0) return refuse(log, 'CONFIG_INVALID', faults.join('\n'))
    const told = { taken, files: filesReadAgain(config), ...(waiting.length === 0 ? {} : { waiting }) }
    if (waiting.length === 0) log.info(told, 'the configuration and its files are read again')
    else log.warn(told, `the configuration is read again; a restart is needed for ${waiting.join(', ')}`)
    // After the log line, which a new log level might suppress.
    take(config)
  } catch (error) {
    refuse(log, codeOf(error) ?? 'CONFIG_INVALID', messageOf(error))
  }
}

function refuse(log: ReloadParts['log'], code: string, error: string): void {
  log.error({ code, error }, 'the configuration is not taken: what was in force goes on')
}
