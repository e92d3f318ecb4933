import type { UnreadableRow } from "./records.js";

/** How fresh a read must be: `"strong"` sees every write that was answered before it began. */
export type Consistency = "strong" | "eventual";

/** The order of a list, by the bytes of the keys. */
export type Order = "ascending" | "descending";

/** What can be written as a record's data. A string is written as UTF-8. */
export type Data = string | Uint8Array;

/** What every call takes. */
export interface CallOptions {
  /**
   * Milliseconds for the whole call, its retries included; above 0, at most 2,147,483,647.
   * Default: the store's.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Ends the call at once when it is aborted, with the signal's reason as the error. A write
   * that was under way may be applied all the same.
   */
  readonly signal?: AbortSignal | undefined;
}

/** What reads take. */
export interface ReadOptions extends CallOptions {
  /**
   * `"eventual"` may miss recent writes and costs DynamoDB half. Default: `"strong"`.
   */
  readonly consistency?: Consistency | undefined;
}

/**
 * When a record expires: one of the three, or none. Where none is given, the server may take
 * the time from JSON data (a setting, off by default); otherwise the record never expires.
 */
export interface ExpiryOptions {
  /** How long it lives, in seconds above 0, counted once from the call. */
  readonly ttlSeconds?: number | undefined;
  /**
   * When it expires. A time that has passed is accepted: the record is absent at once.
   * Fractions of a second round up.
   */
  readonly expireTime?: Date | undefined;
  /** True: it never expires, whatever its data says. */
  readonly neverExpires?: boolean | undefined;
}

/** What writes take. */
export interface WriteOptions extends CallOptions, ExpiryOptions {
  /**
   * Names this write for all attempts at it, also across processes: a UUID. Default: a new one
   * for each call.
   */
  readonly requestId?: string | undefined;
}

/** What `Store.putIfVersion` takes. */
export interface PutIfVersionOptions extends WriteOptions {
  /** The version that the record must have; 0n to create it. */
  readonly expectedVersion: bigint;
  /**
   * The etag that it must have as well, which tells a record that was deleted and created
   * again. It cannot go with version 0. Default: not checked.
   */
  readonly etag?: string | undefined;
}

/** What `Store.update` takes. Where no expiry is given, the record keeps its own. */
export interface UpdateOptions extends CallOptions, ExpiryOptions {}

/** What `Store.delete` takes. */
export interface DeleteOptions extends CallOptions {
  /** The version that the record must have, from 1n up. Default: any. */
  readonly expectedVersion?: bigint | undefined;
  /** The etag that it must have. Default: not checked. */
  readonly etag?: string | undefined;
}

/** What `Store.listPages` takes. */
export interface PageOptions extends ReadOptions {
  /**
   * Milliseconds for the whole list, the reader's own time included. Default: no limit. Either
   * way a break that lasts as long as the store's timeout ends the list with its error.
   */
  readonly timeoutMs?: number | undefined;
  /** Records fetched at a time, at most 1,000. Default, and 0: the server's, which is 100. */
  readonly pageSize?: number | undefined;
  /** A page's `nextPageToken`, to go on behind it. Default: from the start. */
  readonly pageToken?: string | undefined;
  /** The most records of the whole list. Default, and 0: all. */
  readonly limit?: number | undefined;
  /** True: records come without data. The store is read all the same. */
  readonly keysOnly?: boolean | undefined;
  /** Default: `"ascending"`. */
  readonly order?: Order | undefined;
}

/** What `Store.list` takes. */
export interface ListOptions extends PageOptions {
  /**
   * Called with each stored row that cannot be read as a record. Without it the list ends with
   * an `UnreadableRecordsError` where there was one.
   */
  readonly onUnreadable?: ((row: UnreadableRow) => void) | undefined;
}

/** What `Store.cleanupExpired` takes. */
export interface CleanupOptions extends CallOptions {
  /** The most records to remove, at most 10,000. Default, and 0: 1,000. */
  readonly limit?: number | undefined;
}
