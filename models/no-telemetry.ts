/**
 * ONNX Runtime 1.30 gives the machine an id, keeps a log of what it runs in the home directory and tries to send it to
 * its maker, unless the environment of the process forbids it before the first session. The environment of a thread is
 * only a copy.
 */
export const noTelemetry = { ORT_DISABLE_TELEMETRY: '1' }
