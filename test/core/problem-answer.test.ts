import { describe, expect, test } from 'vitest'
import { problemIn } from '../../core/problem-answer.ts'

describe('an answer that is no success', () => {
  const cases: { title: string; text: string; code: string; message: string }[] = [
    {
      title: 'tells its code and its reason',
      text: '{"code":"ALERT_CLOSED","detail":"it is closed"}',
      code: 'ALERT_CLOSED',
      message: 'it is closed',
    },
    {
      title: 'without a reason tells the status',
      text: '{"code":"ALERT_CLOSED"}',
      code: 'ALERT_CLOSED',
      message: 'the gateway answered 502',
    },
    ...[
      '{"code":"NEW_CODE","detail":"of a newer version"}',
      '{"code":"toString","detail":"of a newer version"}',
      '{"code":"__proto__","detail":"of a newer version"}',
      '{"code":7,"detail":"of a newer version"}',
      '{"detail":"of a newer version"}',
    ].map(text => ({
      title: `with no code of ours, ${text}, is API_UNAVAILABLE`,
      text,
      code: 'API_UNAVAILABLE',
      message: 'of a newer version',
    })),
    ...['', '<html>Bad gateway</html>', 'null', '[]', '"text"', '{"detail":{}}'].map(text => ({
      title: `of another form, ${text}, is API_UNAVAILABLE with the status`,
      text,
      code: 'API_UNAVAILABLE',
      message: 'the gateway answered 502',
    })),
  ]
  for (const { title, text, code, message } of cases)
    test(title, () => expect(problemIn(text, 502, 'the gateway')).toMatchObject({ code, message }))
})
