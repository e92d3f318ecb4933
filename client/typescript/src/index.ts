/**
 * Client for Pannier, the gRPC storage sidecar for versioned records. `connect` gives a `Store`.
 *
 * @packageDocumentation
 */

export { defaultSocketPath } from "./addresses.js";
export { connect } from "./connect.js";
export * from "./errors.js";
export type { StatusCode } from "./grpc/codes.js";
export { key, prefix } from "./keys.js";
export type { Metadata } from "./metadata.js";
export type * from "./options.js";
export { PannierError, type ErrorFacts, type WriteOutcome } from "./pannier_error.js";
export {
  StoredRecord,
  type CleanupResult,
  type Page,
  type RecordFields,
  type UnreadableRow,
  type Written,
} from "./records.js";
export type { RetryOptions } from "./retries.js";
export type { ConnectOptions, TlsOptions } from "./settings.js";
export { Store, type Change } from "./store.js";
