import Type, { type Static, type TProperties } from 'typebox'
import { type Severity, severities, type Text } from './rule.ts'

/** Every parameter has a title in both languages, a unit, a default and a range: forms are made from these. */
const described = (title: Text, unit: string, fallback: number, minimum: number, maximum: number) => ({
  title: title.en,
  titleZh: title.zh,
  unit,
  default: fallback,
  minimum,
  maximum,
})

export const seconds = (title: Text, fallback: number, minimum: number, maximum: number) =>
  Type.Integer(described(title, 's', fallback, minimum, maximum))
export const count = (title: Text, fallback: number, minimum: number, maximum: number) =>
  Type.Integer(described(title, '', fallback, minimum, maximum))
export const share = (title: Text, fallback: number, minimum: number, maximum: number) =>
  Type.Number(described(title, '', fallback, minimum, maximum))
export const factor = (title: Text, fallback: number, minimum: number, maximum: number) =>
  Type.Number(described(title, '×', fallback, minimum, maximum))
export const flag = (title: Text, fallback: boolean) =>
  Type.Boolean({ title: title.en, titleZh: title.zh, unit: '', default: fallback })
export const choice = <T extends string>(title: Text, fallback: T, ...values: T[]) =>
  Type.Enum<T[]>(values, { title: title.en, titleZh: title.zh, unit: '', default: fallback })

/** The parameters common to all rules, followed by the rule's own. */
export const parametersOf = <P extends TProperties>(severity: Severity, own: P) =>
  Type.Object(
    {
      enabled: flag({ en: 'Whether it is in force', zh: '是否启用' }, true),
      severity: choice({ en: 'How urgent it is', zh: '紧急程度' }, severity, ...severities),
      ...own,
    },
    { additionalProperties: false },
  )

export type ParametersOf<T extends ReturnType<typeof parametersOf>> = Static<T>

export interface Common {
  readonly enabled: boolean
  readonly severity: Severity
}

/** The last parameter of most rules: how long a condition must be over before its alert is cleared. */
export const clearS = (fallback: number) =>
  seconds({ en: 'Over for so long, it is cleared', zh: '结束多久后解除' }, fallback, 1, 86_400)
