import { readFileSync } from 'node:fs'
import { parseDocument as parseYaml } from 'yaml'
import { parseDocument, type RulesDocument, type RulesMeaning } from '../../alerts/rules/rules-document.ts'
import { LintelError } from '../../core/errors.ts'
import { fileFault } from '../../core/files.ts'

/** Reads a rules file, YAML or JSON; - is standard input. Throws RULES_INVALID, with the file's name on each line. */
export function readRulesFile(path: string): { document: RulesDocument; meaning: RulesMeaning } {
  try {
    const yaml = parseYaml(readFileSync(path === '-' ? 0 : path, 'utf8'))
    if (yaml.errors.length > 0)
      throw new Error(yaml.errors.map(({ message }) => message.split('\n')[0]).join('\n'))
    const document = yaml.toJS() as RulesDocument | null
    return { document: document ?? {}, meaning: parseDocument(document) }
  } catch (error) {
    const lines = fileFault(error).split('\n')
    throw new LintelError('RULES_INVALID', lines.map(line => `${path}: ${line}`).join('\n'))
  }
}
