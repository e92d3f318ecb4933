/** What the client answers and throws, as JSON values. */

import {
  DataTooLargeError,
  OutcomeUnknownError,
  PannierError,
  ThrottledError,
  UnreadableRecordsError,
  VersionConflictError,
  type Page,
  type StoredRecord,
  type UnreadableRow,
  type Written,
} from "@pannier/client";

import type { Json, JsonObject } from "./json.js";

/** What a change of an update throws where the scenario says so. */
export class ChangeFailed extends Error {}

/** Writes a record. */
export function recordJson(record: StoredRecord): JsonObject {
  return { key: record.key, data: dataJson(record.data), ...writtenJson(record) };
}

/** Writes what a write made. */
export function writtenJson({ version, etag, expireTime }: Written): JsonObject {
  return { version: integerJson(version), etag, expire_time: timeJson(expireTime) };
}

/** Writes a page of a list. */
export function pageJson(page: Page): JsonObject {
  return {
    records: page.records.map(recordJson),
    next_page_token: page.nextPageToken,
    unreadable: page.unreadable.map(unreadableJson),
  };
}

/** Writes a row that is no record. */
export function unreadableJson({ key, problem }: UnreadableRow): JsonObject {
  return { key, problem };
}

/** Writes an error with its facts. */
export function errorJson(error: unknown): JsonObject {
  if (error instanceof ChangeFailed) return { kind: "ChangeFailed", message: error.message };
  if (error instanceof PannierError) {
    return {
      kind: kindOf(error),
      message: error.message,
      code: error.code,
      reason: error.reason,
      write_outcome: error.writeOutcome ?? null,
      ...factsOf(error),
    };
  }
  const isArgument = error instanceof TypeError || error instanceof RangeError;
  return { kind: isArgument ? "ArgumentError" : "a bug", message: String(error) };
}

function kindOf({ name }: PannierError): string {
  if (name === "PannierError" || name === "InternalError") return name;
  return name.replace(/Error$/, "");
}

function factsOf(error: PannierError): JsonObject {
  if (error instanceof VersionConflictError) {
    return {
      expected_version: integerJson(error.expectedVersion),
      actual_version: integerJson(error.actualVersion),
      actual_etag: error.actualEtag,
    };
  }
  if (error instanceof DataTooLargeError) {
    return { actual_bytes: error.actualBytes, limit_bytes: error.limitBytes };
  }
  if (error instanceof ThrottledError) {
    const delay = error.retryDelayMs;
    return { retry_delay_seconds: delay === undefined ? null : delay / 1_000 };
  }
  if (error instanceof OutcomeUnknownError) {
    return { record: recordJson(error.record), data: dataJson(error.data) };
  }
  if (error instanceof UnreadableRecordsError) {
    return { unreadable: error.unreadable.map(unreadableJson), count: error.count };
  }
  return {};
}

/** Writes data as a string where it is UTF-8, else in base 64. */
function dataJson(data: Uint8Array): Json {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return { base64: Buffer.from(data).toString("base64") };
  }
}

/** Writes an integer as a number, or as its digits where numbers are not exact any more. */
function integerJson(integer: bigint): Json {
  return integer <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(integer) : String(integer);
}

function timeJson(time: Date | undefined): Json {
  return time ? time.toISOString().replace(/\.\d+Z$/, "Z") : null;
}
