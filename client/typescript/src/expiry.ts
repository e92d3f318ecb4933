import { TimestampSchema, type Timestamp } from "@bufbuild/protobuf/wkt";
import { create } from "@bufbuild/protobuf";

import type { PutRequest } from "./gen/pannier/v1/storage_pb.js";
import type { ExpiryOptions } from "./options.js";

/** A request's `expiry`: one of its fields, or none for the server's choice. */
export type Expiry = PutRequest["expiry"];

const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const SERVERS_CHOICE: Expiry = { case: undefined };
const NEVER: Expiry = { case: "neverExpires", value: true };

/**
 * Returns the expiry that a caller asked for; called once per write, not per attempt.
 *
 * @throws TypeError - More than one is given, or one has the wrong type.
 * @throws RangeError - `ttlSeconds` is not above 0 or reaches too far.
 */
export function resolveExpiry(options: ExpiryOptions): Expiry {
  const { ttlSeconds, expireTime, neverExpires = false } = options;
  if (
    Number(ttlSeconds !== undefined) + Number(expireTime !== undefined) + Number(neverExpires) >
    1
  ) {
    throw new TypeError("give only one of ttlSeconds, expireTime and neverExpires");
  }
  if (ttlSeconds !== undefined) return at(Date.now() + ttlMs(ttlSeconds));
  if (expireTime !== undefined) return at(checkedTime(expireTime));
  return neverExpires ? NEVER : SERVERS_CHOICE;
}

/** Returns the expiry that leaves a record's as it is, whatever its data says. */
export function keepExpiry(expireTime: Date | undefined): Expiry {
  return expireTime === undefined ? NEVER : at(expireTime.getTime());
}

/** Returns protobuf's Timestamp as a time. */
export function readTime(stamp: Timestamp | undefined): Date | undefined {
  if (!stamp) return undefined;
  return new Date(Number(stamp.seconds) * 1_000 + Math.floor(stamp.nanos / 1_000_000));
}

function at(ms: number): Expiry {
  const seconds = Math.floor(ms / 1_000);
  const nanos = Math.floor((ms - seconds * 1_000) * 1_000_000);
  const value = create(TimestampSchema, { seconds: BigInt(seconds), nanos });
  return { case: "expireTime", value };
}

function ttlMs(ttlSeconds: number): number {
  // Elsewhere 0 and -1 often mean "never"; here they would delete the record at once.
  if (!(ttlSeconds > 0)) {
    const hint = "for a record that never expires use neverExpires: true";
    throw new RangeError(`ttlSeconds must be above 0, not ${String(ttlSeconds)}; ${hint}`);
  }
  const ms = ttlSeconds * 1_000;
  if (Date.now() + ms > LAST_MS) {
    throw new RangeError("ttlSeconds reaches beyond the year 9999; use neverExpires: true");
  }
  return ms;
}

function checkedTime(expireTime: Date): number {
  const ms = expireTime instanceof Date ? expireTime.getTime() : NaN;
  if (Number.isNaN(ms)) throw new TypeError("expireTime must be a Date, and a valid one");
  return ms;
}
