/**
 * Reads the status of a failed attempt: its details, and which error says it best.
 *
 * Details travel as a google.rpc.Status (AIP-193). What is missing, malformed or unknown there
 * is left out, never a second error.
 */

import { fromBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { anyUnpack, type Any } from "@bufbuild/protobuf/wkt";

import * as errors from "./errors.js";
import {
  ErrorInfoSchema,
  RetryInfoSchema,
  type RetryInfo,
} from "./gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "./gen/google/rpc/status_pb.js";
import { DataTooLargeSchema, VersionConflictSchema } from "./gen/pannier/v1/storage_pb.js";
import type { StatusCode } from "./grpc/codes.js";
import type { RpcError } from "./grpc/error.js";
import { PannierError, type ErrorFacts, type WriteOutcome } from "./pannier_error.js";

const DOMAIN = "pannier";

type Facts = ErrorFacts & errors.ConflictFacts & errors.SizeFacts & errors.ThrottlingFacts;
type Kind = new (message: string, facts: Facts) => PannierError;

const BY_CODE: Partial<Record<StatusCode, Kind>> = {
  NOT_FOUND: errors.NotFoundError,
  ABORTED: errors.VersionConflictError,
  ALREADY_EXISTS: errors.AlreadyExistsError,
  INVALID_ARGUMENT: errors.InvalidArgumentError,
  UNAUTHENTICATED: errors.UnauthenticatedError,
  PERMISSION_DENIED: errors.PermissionDeniedError,
  RESOURCE_EXHAUSTED: errors.ThrottledError,
  FAILED_PRECONDITION: errors.StoreMisconfiguredError,
  UNAVAILABLE: errors.UnavailableError,
  DEADLINE_EXCEEDED: errors.DeadlineExceededError,
  DATA_LOSS: errors.CorruptRecordError,
  INTERNAL: errors.InternalError,
};

const BY_REASON = new Map<string, Kind>([
  ["DATA_TOO_LARGE", errors.DataTooLargeError],
  ["REQUEST_ID_REUSED", errors.RequestIdReusedError],
  ["OVERLOADED", errors.OverloadedError],
]);

// What gRPC's runtimes say where a stream was reset or its connection went away
// (Status codes and their use in gRPC: HTTP/2 error codes become INTERNAL, UNKNOWN, …).
const BROKEN_STREAM = ["rst_stream", "stream removed", "connection reset", "socket closed"];

/** What the details of a status say, as far as they are there. */
interface Details {
  readonly reason: string;
  readonly facts: Facts;
}

/**
 * Returns the error for a failed attempt.
 *
 * @param cause - How the attempt failed.
 * @param address - Where the sidecar was expected, for the message where it is not there.
 */
export function readError(cause: RpcError, address: string): PannierError {
  const { reason, facts } = readDetails(cause.details);
  const kind = kindOf(cause, reason);
  const message = reason ? cause.message : explain(cause, address);
  const writeOutcome = cause.neverSent ? "not_applied" : facts.writeOutcome;
  return new kind(message, { ...facts, code: cause.code, reason, writeOutcome, cause });
}

function readDetails(encoded: Uint8Array | undefined): Details {
  let reason = "";
  let facts: Facts = {};
  const status = encoded && unpack(() => fromBinary(StatusSchema, encoded));
  for (const packed of status?.details ?? []) {
    const info = unpackAny(packed, ErrorInfoSchema);
    if (info?.domain === DOMAIN) {
      reason = info.reason;
      facts = { ...facts, writeOutcome: asOutcome(info.metadata["write_outcome"]) };
    }
    facts = { ...facts, ...factsOf(packed) };
  }
  return { reason, facts };
}

function factsOf(packed: Any): Facts {
  const retry = unpackAny(packed, RetryInfoSchema);
  if (retry) return { retryDelayMs: delayMs(retry) };
  const conflict = unpackAny(packed, VersionConflictSchema);
  if (conflict) {
    const { expectedVersion, actualVersion, actualEtag } = conflict;
    return { expectedVersion, actualVersion, actualEtag };
  }
  const sizes = unpackAny(packed, DataTooLargeSchema);
  if (!sizes) return {};
  return { actualBytes: Number(sizes.actualBytes), limitBytes: Number(sizes.limitBytes) };
}

function delayMs(retry: RetryInfo): number {
  const { seconds = 0n, nanos = 0 } = retry.retryDelay ?? {};
  return Math.max(0, Number(seconds) * 1_000 + nanos / 1_000_000);
}

function unpackAny<T extends DescMessage>(packed: Any, schema: T): MessageShape<T> | undefined {
  return unpack(() => anyUnpack(packed, schema));
}

/** Returns what is decoded, or undefined where it is malformed. */
function unpack<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}

function asOutcome(text: string | undefined): WriteOutcome | undefined {
  return text === "not_applied" || text === "unknown" ? text : undefined;
}

function kindOf(cause: RpcError, reason: string): Kind {
  if (!reason && isBrokenStream(cause)) return errors.UnavailableError;
  const byCode = BY_CODE[cause.code] ?? PannierError;
  const byReason = BY_REASON.get(reason) ?? byCode;
  return byReason.prototype instanceof byCode ? byReason : byCode;
}

/**
 * Tells whether an error that the sidecar did not make means a lost connection.
 *
 * The caller's own cancellation never gets here, so CANCELLED is a stream that the other side
 * gave up.
 */
function isBrokenStream({ code, message }: RpcError): boolean {
  if (code !== "UNKNOWN" && code !== "INTERNAL") return code === "CANCELLED";
  const text = message.toLowerCase();
  return BROKEN_STREAM.some((words) => text.includes(words));
}

/** Returns a message for an error that is not from the sidecar's service itself. */
function explain(cause: RpcError, address: string): string {
  const { code, message } = cause;
  if (code === "UNAVAILABLE" || isBrokenStream(cause)) {
    return `no answer from the sidecar at ${address}; is it running there? (${message})`;
  }
  if (code === "DEADLINE_EXCEEDED") {
    return `no answer from the sidecar at ${address} in time; is it running there?`;
  }
  if (code === "UNIMPLEMENTED") {
    return `what answers at ${address} is no Pannier sidecar, or of another version`;
  }
  return message || `the call failed with ${code}`;
}
