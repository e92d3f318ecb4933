/** Arguments into request messages, each made once for all attempts. */

import { create } from "@bufbuild/protobuf";
import { randomUUID } from "node:crypto";

import type { Expiry } from "./expiry.js";
import {
  CleanupExpiredRequestSchema,
  Consistency as WireConsistency,
  DeleteRequestSchema,
  GetRequestSchema,
  ListByPrefixRequestSchema,
  Order as WireOrder,
  PutIfVersionRequestSchema,
  PutRequestSchema,
  type CleanupExpiredRequest,
  type DeleteRequest,
  type GetRequest,
  type ListByPrefixRequest,
  type PutIfVersionRequest,
  type PutRequest,
} from "./gen/pannier/v1/storage_pb.js";
import { checkText } from "./keys.js";
import type {
  CleanupOptions,
  Consistency,
  Data,
  DeleteOptions,
  Order,
  PageOptions,
  PutIfVersionOptions,
  WriteOptions,
} from "./options.js";
import type { StoredRecord } from "./records.js";

const INT32_MAX = 2 ** 31 - 1;
const UINT32_MAX = 2 ** 32 - 1;
const UINT64_END = 2n ** 64n;

const UTF8 = new TextEncoder();

const CONSISTENCIES = { strong: WireConsistency.STRONG, eventual: WireConsistency.EVENTUAL };
const ORDERS = { ascending: WireOrder.ASCENDING, descending: WireOrder.DESCENDING };

/** Returns the request of Get. */
export function getRequest(key: string, consistency: Consistency = "strong"): GetRequest {
  checkText("the key", key);
  return create(GetRequestSchema, { key, consistency: wireConsistency(consistency) });
}

/** Returns the request of Put. */
export function putRequest(
  key: string,
  data: Data,
  expiry: Expiry,
  options: WriteOptions,
): PutRequest {
  checkText("the key", key);
  const requestId = options.requestId ?? randomUUID();
  return create(PutRequestSchema, { key, data: asBytes(data), expiry, requestId });
}

/** Returns the request of PutIfVersion. */
export function putIfVersionRequest(
  key: string,
  data: Data,
  expiry: Expiry,
  options: PutIfVersionOptions,
): PutIfVersionRequest {
  checkText("the key", key);
  return create(PutIfVersionRequestSchema, {
    key,
    data: asBytes(data),
    expiry,
    requestId: options.requestId ?? randomUUID(),
    expectedVersion: checkedVersion(options.expectedVersion),
    etag: options.etag ?? "",
  });
}

/** Returns the request that writes over exactly this version of a record. */
export function changeRequest(
  record: StoredRecord,
  data: Uint8Array,
  expiry: Expiry,
): PutIfVersionRequest {
  const { key, version, etag } = record;
  return putIfVersionRequest(key, data, expiry, { expectedVersion: version, etag });
}

/** Returns the request of Delete. */
export function deleteRequest(key: string, options: DeleteOptions): DeleteRequest {
  checkText("the key", key);
  const request = create(DeleteRequestSchema, { key, etag: options.etag ?? "" });
  if (options.expectedVersion !== undefined) {
    request.expectedVersion = checkedVersion(options.expectedVersion);
  }
  return request;
}

/** Returns the request of ListByPrefix. */
export function listRequest(prefix: string, options: PageOptions): ListByPrefixRequest {
  checkText("the prefix", prefix);
  return create(ListByPrefixRequestSchema, {
    prefix,
    pageSize: checkedCount("pageSize", options.pageSize, INT32_MAX),
    pageToken: options.pageToken ?? "",
    limit: checkedCount("limit", options.limit, UINT32_MAX),
    keysOnly: options.keysOnly ?? false,
    order: wireOrder(options.order ?? "ascending"),
    consistency: wireConsistency(options.consistency ?? "strong"),
  });
}

/** Returns the request of CleanupExpired. */
export function cleanupRequest(prefix: string, options: CleanupOptions): CleanupExpiredRequest {
  checkText("the prefix", prefix);
  const limit = checkedCount("limit", options.limit, UINT32_MAX);
  return create(CleanupExpiredRequestSchema, { prefix, limit });
}

/**
 * Returns data as bytes.
 *
 * @throws TypeError - They are neither bytes nor text.
 */
export function asBytes(data: Data): Uint8Array<ArrayBuffer> {
  if (data instanceof Uint8Array) return data as Uint8Array<ArrayBuffer>;
  if (typeof data === "string") {
    checkText("the data", data);
    return UTF8.encode(data);
  }
  throw new TypeError(`data must be a string or a Uint8Array, not ${typeof data}`);
}

function checkedVersion(version: bigint): bigint {
  if (typeof version !== "bigint") {
    throw new TypeError(`expectedVersion must be a bigint, as in 3n, not a ${typeof version}`);
  }
  if (version < 0n || version >= UINT64_END) {
    throw new RangeError(
      `expectedVersion must be from 0n to 2n ** 63n - 1n, not ${String(version)}n`,
    );
  }
  return version;
}

function checkedCount(name: string, count: number | undefined, most: number): number {
  if (count === undefined) return 0;
  if (Number.isInteger(count) && count >= 0 && count <= most) return count;
  const range = `a whole number from 0 to ${most.toLocaleString("en")}`;
  throw new RangeError(`${name} must be ${range}, not ${String(count)}`);
}

function wireConsistency(consistency: Consistency): WireConsistency {
  return chosen("consistency", CONSISTENCIES, consistency);
}

function wireOrder(order: Order): WireOrder {
  return chosen("order", ORDERS, order);
}

function chosen<K extends string, V>(name: string, values: Readonly<Record<K, V>>, choice: K): V {
  if (Object.hasOwn(values, choice)) return values[choice];
  const words = Object.keys(values).map((word) => JSON.stringify(word));
  throw new TypeError(`${name} must be ${words.join(" or ")}, not ${JSON.stringify(choice)}`);
}
