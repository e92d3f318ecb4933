/** Answers into what the store returns. */

import { readTime } from "./expiry.js";
import type {
  CleanupExpiredResponse,
  GetResponse,
  ListByPrefixResponse,
  PutIfVersionResponse,
  PutResponse,
  Record as WireRecord,
} from "./gen/pannier/v1/storage_pb.js";
import { StoredRecord, type CleanupResult, type Page, type Written } from "./records.js";
import { InternalError } from "./errors.js";

/**
 * Returns the record of an answer.
 *
 * @throws InternalError - There is none, against the contract.
 */
export function readRecord(answer: GetResponse): StoredRecord {
  const { record } = answer;
  if (!record) throw new InternalError("the sidecar's answer has no record");
  return toRecord(record);
}

/** Returns what a write made. */
export function readWritten(answer: PutResponse | PutIfVersionResponse): Written {
  const { version, etag, expireTime } = answer;
  return { version, etag, expireTime: readTime(expireTime) };
}

/** Returns a record as a write over it left it. */
export function readChanged(
  record: StoredRecord,
  data: Uint8Array,
  answer: PutIfVersionResponse,
): StoredRecord {
  return new StoredRecord({ ...readWritten(answer), key: record.key, data });
}

/** Returns a page of a list. */
export function readPage(answer: ListByPrefixResponse): Page {
  return {
    records: answer.records.map(toRecord),
    nextPageToken: answer.nextPageToken,
    unreadable: answer.unreadable.map(({ key, problem }) => ({ key, problem })),
  };
}

/** Returns what a clean-up did. */
export function readCleanup(answer: CleanupExpiredResponse): CleanupResult {
  return { removed: Number(answer.removed), more: answer.more };
}

function toRecord(record: WireRecord): StoredRecord {
  const { key, version, etag, expireTime } = record;
  // Its own data: a view would keep all that came with it in memory, and share it with others.
  const data = record.data.slice();
  return new StoredRecord({ key, data, version, etag, expireTime: readTime(expireTime) });
}
