/**
 * Every error that leaves a folder, by its stable code: `STAGE_REASON`.
 * Callers branch on the code and on `retryable`, never on the text.
 * `docs/errors.md` has a row for each that says what to do; a test compares the two.
 */
export const errorCodes = {
  CONFIG_INVALID: { retryable: false },
  PORT_TAKEN: { retryable: true },
  FILE_EXISTS: { retryable: false },
  DATA_LOCKED: { retryable: true },
  DATA_VERSION: { retryable: false },
  DATA_UNAVAILABLE: { retryable: true },
  DATA_GONE: { retryable: true },
  PROCESS_FAILED: { retryable: true },
  PROCESS_HUNG: { retryable: true },
  STATE_COMMIT_FAILED: { retryable: true },
  STATE_CORRUPT: { retryable: false },

  CONNECT_ID_INVALID: { retryable: false },
  CONNECT_ID_MISMATCH: { retryable: false },
  CONNECT_DEVICE_UNKNOWN: { retryable: false },
  CONNECT_DEVICE_DISABLED: { retryable: false },
  CONNECT_TOKEN_WRONG: { retryable: false },
  CONNECT_LIMIT: { retryable: true },
  CONNECT_TAKEN_OVER: { retryable: false },
  UNSUPPORTED_PROTOCOL_VERSION: { retryable: false },
  CONNECT_TLS: { retryable: false },
  PACKET_TOO_LARGE: { retryable: false },
  PACKET_MALFORMED: { retryable: false },

  PUBLISH_TOPIC_FOREIGN: { retryable: false },
  PUBLISH_TOPIC_UNKNOWN: { retryable: false },
  PUBLISH_OVERLOADED: { retryable: true },
  SUBSCRIBE_DENIED: { retryable: false },
  SUBSCRIBE_LIMIT: { retryable: false },

  EVENT_MALFORMED: { retryable: false },
  EVENT_INVALID: { retryable: false },
  EVENT_ID_INVALID: { retryable: false },
  EVENT_TIME_INVALID: { retryable: false },
  EVENT_TYPE_UNKNOWN: { retryable: false },
  EVENT_BATCH_TOO_LONG: { retryable: false },
  EVENT_TOO_LARGE: { retryable: false },
  EVENT_MEMBER_INVALID: { retryable: false },
  EVENT_ID_REUSED: { retryable: false },
  EVENT_PERSONAL_MEMBER: { retryable: false },
  EVENT_PICTURE_EMBEDDED: { retryable: false },
  STATUS_INVALID: { retryable: false },
  SIGHTING_INVALID: { retryable: false },
  PLACE_INVALID: { retryable: false },
  SNAPSHOT_EMPTY: { retryable: false },
  SNAPSHOT_NOT_JPEG: { retryable: false },
  SNAPSHOT_TOO_LARGE: { retryable: false },

  JOURNAL_FULL: { retryable: true },
  JOURNAL_DISK_LOW: { retryable: true },
  JOURNAL_COMMIT_FAILED: { retryable: true },
  JOURNAL_CLOSED: { retryable: true },
  JOURNAL_CORRUPT: { retryable: false },
  JOURNAL_FORKED: { retryable: false },

  UPLINK_REFUSED: { retryable: true },
  UPLINK_RECORD_REFUSED: { retryable: false },
  UPLINK_CLOCK_WRONG: { retryable: false },
  UPLINK_CENTRE_REPLACED: { retryable: false },

  STORE_UNAVAILABLE: { retryable: true },
  STORE_WRITE_FAILED: { retryable: true },
  STORE_INCOMPLETE: { retryable: false },
  RETENTION_UNSUPPORTED: { retryable: false },

  DEVICE_INVALID: { retryable: false },
  DEVICE_NOT_FOUND: { retryable: false },
  DEVICE_CONNECTED: { retryable: false },
  IMPORT_ROW_INVALID: { retryable: false },

  ALERT_NOT_FOUND: { retryable: false },
  ALERT_CLOSED: { retryable: false },
  ALERT_FULL: { retryable: false },
  DELETION_NOT_HELD: { retryable: false },
  CLOCK_DIFFERS: { retryable: false },
  SNOOZE_INVALID: { retryable: false },
  SNOOZE_NOT_FOUND: { retryable: false },
  CHANNEL_NOT_FOUND: { retryable: false },
  NOTIFY_FAILED: { retryable: true },
  NOTIFY_UNDELIVERED: { retryable: false },

  RULES_INVALID: { retryable: false },
  RULES_CONFLICT: { retryable: false },
  RECORDING_INVALID: { retryable: false },

  FLOW_QUERY_INVALID: { retryable: false },
  FLOW_QUERY_TOO_WIDE: { retryable: false },
  EXPORT_BUSY: { retryable: true },

  SNAPSHOT_NOT_FOUND: { retryable: false },
  HOLD_NOT_FOUND: { retryable: false },

  PARKED_NOT_FOUND: { retryable: false },
  PARKED_NOT_REPLAYABLE: { retryable: false },

  API_UNAUTHORIZED: { retryable: false },
  API_FORBIDDEN: { retryable: false },
  API_CROSS_SITE: { retryable: false },
  API_NOT_FOUND: { retryable: false },
  API_METHOD_UNKNOWN: { retryable: false },
  API_HOST_UNKNOWN: { retryable: false },
  API_REQUEST_INVALID: { retryable: false },
  API_UNAVAILABLE: { retryable: true },
  API_BUSY: { retryable: true },

  SIGN_IN_FAILED: { retryable: false },
  SIGN_IN_THROTTLED: { retryable: true },
  INVITATION_INVALID: { retryable: false },
  ACCOUNT_INVALID: { retryable: false },
  ACCOUNT_EXISTS: { retryable: false },
  ACCOUNT_NOT_FOUND: { retryable: false },
  TOKEN_EXISTS: { retryable: false },
  TOKEN_NOT_FOUND: { retryable: false },

  MODEL_MANIFEST_INVALID: { retryable: false },
  MODEL_FILE_MISSING: { retryable: false },
  MODEL_HASH_WRONG: { retryable: false },
  MODEL_DECODER_UNKNOWN: { retryable: false },
  MODEL_UNREADABLE: { retryable: false },
  MODEL_SHAPE_WRONG: { retryable: false },
  MODEL_CLASSES_WRONG: { retryable: false },
  MODEL_OUTPUT_INVALID: { retryable: false },
  PICTURE_UNREADABLE: { retryable: false },
  PICTURE_TOO_LARGE: { retryable: false },
  PICTURE_THINNED: { retryable: false },
  PICTURE_MISSING: { retryable: false },
  PICTURE_DEADLY: { retryable: false },
  CAMERA_TURNED_LEFT: { retryable: false },
  CAMERA_TURNED_RIGHT: { retryable: false },
  CAMERA_UPSIDE_DOWN: { retryable: false },
  TAGGER_WORKER_DIED: { retryable: true },

  OUTBOX_FULL: { retryable: true },
  CLIENT_CLOSED: { retryable: false },
} as const satisfies Record<string, { retryable: boolean }>

export type ErrorCode = keyof typeof errorCodes

export class LintelError extends Error {
  readonly code: ErrorCode
  readonly retryable: boolean

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'LintelError'
    this.code = code
    this.retryable = errorCodes[code].retryable
  }
}

export const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(errorCodes, code)

/** The code of a LintelError; undefined for any other error. */
export function codeOf(error: unknown): ErrorCode | undefined {
  return error instanceof LintelError ? error.code : undefined
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
