import { Connection } from "./connection.js";
import { keepExpiry, resolveExpiry, type Expiry } from "./expiry.js";
import {
  StorageBackend,
  type GetRequest,
  type PutIfVersionRequest,
  type PutIfVersionResponse,
} from "./gen/pannier/v1/storage_pb.js";
import { now, type Limits } from "./grpc/limits.js";
import { Listing, recordsOf } from "./listing.js";
import type {
  CallOptions,
  CleanupOptions,
  Data,
  DeleteOptions,
  ListOptions,
  PageOptions,
  PutIfVersionOptions,
  ReadOptions,
  UpdateOptions,
  WriteOptions,
} from "./options.js";
import { PannierError } from "./pannier_error.js";
import type { CleanupResult, Page, StoredRecord, Written } from "./records.js";
import * as requests from "./requests.js";
import * as responses from "./responses.js";
import { checkedTimeout, type Settings } from "./settings.js";
import { Update, rethrowAsNotApplied, verdict } from "./updates.js";

const RPC = StorageBackend.method;

/**
 * Takes a record and returns its new data, or undefined to leave it as it is.
 *
 * It may be called several times for one update, each time with a newer record, but at most
 * one result is written.
 */
export type Change = (record: StoredRecord) => Data | undefined | Promise<Data | undefined>;

/**
 * Versioned records behind a sidecar; made by `connect`.
 *
 * One store serves any number of calls at a time, over one connection. Close it when it is not
 * needed any more, or let `await using` do that. Calls that run keep the process alive; an
 * idle store does not.
 *
 * Each method takes `timeoutMs`, for the whole call with its retries in place of the store's,
 * and `signal`, which ends it at once. Beside the errors named with each method, all can throw
 * `InvalidArgumentError`, `UnavailableError`, `ThrottledError`, `DeadlineExceededError`,
 * `StoreMisconfiguredError`, `UnauthenticatedError`, `PermissionDeniedError`, `InternalError`
 * and `StoreClosedError`. An argument that is wrong without asking the sidecar is a `TypeError`
 * or a `RangeError`.
 */
export class Store implements AsyncDisposable {
  readonly #connection: Connection;

  /** Use `connect` instead. @internal */
  constructor(settings: Settings) {
    this.#connection = new Connection(settings);
  }

  /** Where the sidecar is. */
  get address(): string {
    return this.#connection.settings.address;
  }

  /** Closes the connection. Calls that still run throw `StoreClosedError`. */
  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** Closes the store at the end of an `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Returns the record at a key.
   *
   * @param key - The record's key; `key` builds one.
   * @throws NotFoundError - No live record has the key.
   * @throws CorruptRecordError - The stored row cannot be read.
   *
   * @example
   * ```ts
   * const written = await store.put("alice:colour", "green");
   * const record = await store.get("alice:colour");
   * console.log(record.text(), record.version === written.version);
   * // prints: green true
   * ```
   */
  async get(key: string, options: ReadOptions = {}): Promise<StoredRecord> {
    return this.#get(requests.getRequest(key, options.consistency), this.#limits(options));
  }

  /**
   * Writes a record whatever is there, replacing its data and its expiry.
   *
   * @param key - The record's key.
   * @param data - The new data, up to the server's limit (350 KiB by default).
   * @throws DataTooLargeError - The data is larger than the server takes.
   * @throws RequestIdReusedError - `requestId` was used for another write to this key.
   * @throws CorruptRecordError - The stored row cannot be read.
   *
   * @example
   * ```ts
   * const first = await store.put("alice:session", "token", { ttlSeconds: 3600 });
   * const second = await store.put("alice:session", new Uint8Array([1, 2]));
   * console.log(first.version, second.version);
   * // prints: 1n 2n
   * ```
   */
  async put(key: string, data: Data, options: WriteOptions = {}): Promise<Written> {
    const request = requests.putRequest(key, data, resolveExpiry(options), options);
    const limits = this.#limits(options);
    const answer = await this.#connection.call(RPC.put, request, "repeatable write", limits);
    return responses.readWritten(answer);
  }

  /**
   * Writes a record only over the version that is expected.
   *
   * @param key - The record's key.
   * @param data - The new data, as for `put`.
   * @param options - With the version that is expected, and maybe its etag.
   * @throws VersionConflictError - The record has another version or etag.
   * @throws NotFoundError - No live record has the key, and the expected version is not 0.
   * @throws AlreadyExistsError - A live record has the key, and the expected version is 0.
   * @throws DataTooLargeError - As for `put`.
   * @throws RequestIdReusedError - As for `put`.
   * @throws CorruptRecordError - As for `put`.
   *
   * @example
   * ```ts
   * await store.put("alice:theme", "light");
   * await store.putIfVersion("alice:theme", "dark", { expectedVersion: 1n });
   * try {
   *   await store.putIfVersion("alice:theme", "blue", { expectedVersion: 1n });
   * } catch (error) {
   *   if (!(error instanceof VersionConflictError)) throw error;
   *   console.log("someone was faster: version", error.actualVersion);
   *   // prints: someone was faster: version 2n
   * }
   * ```
   */
  async putIfVersion(key: string, data: Data, options: PutIfVersionOptions): Promise<Written> {
    const request = requests.putIfVersionRequest(key, data, resolveExpiry(options), options);
    return responses.readWritten(await this.#putIfVersion(request, this.#limits(options)));
  }

  /**
   * Writes a record only where no live one is.
   *
   * @param key - The record's key.
   * @param data - The new data, as for `put`.
   * @throws AlreadyExistsError - A live record has the key.
   * @throws DataTooLargeError - As for `put`.
   * @throws RequestIdReusedError - As for `put`.
   * @throws CorruptRecordError - As for `put`.
   *
   * @example
   * ```ts
   * await store.create("alice:approval", "pending");
   * try {
   *   await store.create("alice:approval", "pending");
   * } catch (error) {
   *   if (!(error instanceof AlreadyExistsError)) throw error;
   *   console.log(error.message);
   *   // prints: a live record has this key already, at version 1
   * }
   * ```
   */
  async create(key: string, data: Data, options: WriteOptions = {}): Promise<Written> {
    return this.putIfVersion(key, data, { ...options, expectedVersion: 0n, etag: "" });
  }

  /**
   * Reads a record, changes its data and writes it, again after each lost race.
   *
   * The write goes through only over the version and etag that were read, so nothing that
   * others wrote is lost. The record keeps its expiry unless told otherwise.
   *
   * @param key - The record's key.
   * @param change - Makes the new data. An error of its own ends the update; nothing is
   *   written then.
   * @returns The record as written, or as read where `change` returned undefined.
   * @throws NotFoundError - No live record has the key, or it went while this ran.
   * @throws VersionConflictError - Others kept writing until the time was over.
   * @throws OutcomeUnknownError - The write failed and may have been applied all the same. To
   *   try again could apply the change twice, so that is the caller's choice.
   * @throws DataTooLargeError - As for `put`.
   * @throws CorruptRecordError - As for `put`.
   *
   * @example
   * ```ts
   * await store.put("alice:visits", "41");
   * const record = await store.update("alice:visits", (old) => String(Number(old.text()) + 1));
   * console.log(record.text());
   * // prints: 42
   * ```
   */
  async update(key: string, change: Change, options: UpdateOptions = {}): Promise<StoredRecord> {
    const request = requests.getRequest(key);
    const expiry = resolveExpiry(options);
    const limits = this.#limits(options);
    const update = new Update(limits.deadline);
    for (;;) {
      const record = await this.#get(request, limits).catch(rethrowAsNotApplied);
      const changed = await this.#connection.heed(Promise.resolve(change(record)), limits);
      if (changed === undefined) return record;
      const data = requests.asBytes(changed);
      const kept = expiry.case === undefined ? keepExpiry(record.expireTime) : expiry;
      try {
        return await this.#write(record, data, kept, limits);
      } catch (error) {
        if (!(error instanceof PannierError)) throw error;
        const pause = update.afterConflict(error, now());
        if (pause === undefined) throw verdict(error, record, data);
        await this.#connection.pause(pause, limits, error);
      }
    }
  }

  /**
   * Deletes a record, whatever is there or only at a version or etag.
   *
   * Without an etag it is not tried again once it may have been applied: a second one could
   * delete what someone else wrote since. With one it is, and can then return false although
   * the first attempt deleted the record.
   *
   * @param key - The record's key.
   * @returns True where a live record was there and this call removed it.
   * @throws VersionConflictError - The record has another version or etag.
   * @throws CorruptRecordError - The delete is conditional and the stored row cannot be read.
   *
   * @example
   * ```ts
   * const { etag } = await store.put("alice:draft", "text");
   * console.log(await store.delete("alice:draft", { etag }));
   * // prints: true
   * console.log(await store.delete("alice:draft"));
   * // prints: false
   * ```
   */
  async delete(key: string, options: DeleteOptions = {}): Promise<boolean> {
    const request = requests.deleteRequest(key, options);
    const safety = request.etag === "" ? "single write" : "repeatable write";
    const limits = this.#limits(options);
    const answer = await this.#connection.call(RPC.delete, request, safety, limits);
    return answer.deleted;
  }

  /**
   * Returns the live records of one owner, by prefix of their names.
   *
   * It fetches pages as it is read, goes on by itself after a broken connection, and yields no
   * record twice. It is not a snapshot: each page shows its own moment. To leave a `for await`
   * early ends the stream.
   *
   * @param prefix - `owner:` and the start of a name; `prefix` builds one.
   * @throws UnreadableRecordsError - At the end, after all readable records, where rows could
   *   not be read and `onUnreadable` is not given.
   * @throws InvalidArgumentError - The prefix or the page token is wrong; with the first record.
   *
   * @example
   * ```ts
   * for (const name of ["task:1", "task:2", "task:3"]) await store.put(key("bob", name), "to do");
   * for await (const record of store.list("bob:task:", { order: "descending", limit: 2 })) {
   *   console.log(record.key);
   *   // prints: bob:task:3
   *   // prints: bob:task:2
   * }
   * ```
   */
  list(prefix: string, options: ListOptions = {}): AsyncGenerator<StoredRecord, void, undefined> {
    return recordsOf(this.listPages(prefix, options), options.onUnreadable);
  }

  /**
   * Returns the pages of a list, for those who page themselves.
   *
   * A page may hold fewer records than `pageSize`, because it stays under 1 MiB; only an empty
   * `nextPageToken` means the end. Unreadable rows are in the pages and throw nothing.
   *
   * @param prefix - As for `list`.
   *
   * @example
   * ```ts
   * for (const name of ["task:1", "task:2", "task:3"]) await store.put(key("carol", name), "");
   * for await (const page of store.listPages("carol:", { pageSize: 2 })) {
   *   console.log(page.records.length, page.nextPageToken === "");
   *   // prints: 2 false
   *   // prints: 1 true
   * }
   * ```
   */
  listPages(prefix: string, options: PageOptions = {}): AsyncGenerator<Page, void, undefined> {
    const listing = new Listing(prefix, options);
    const { timeoutMs, signal } = options;
    const longest = timeoutMs === undefined ? Infinity : checkedTimeout(timeoutMs);
    return this.#connection.pages(listing, longest, signal);
  }

  /**
   * Removes expired records now, without waiting for the store to do it.
   *
   * @param prefix - As for `list`; empty for the whole store (on DynamoDB that removes nothing:
   *   the table's own TTL does it).
   *
   * @example
   * ```ts
   * await store.put("dave:old", "", { expireTime: new Date("2020-01-01") });
   * console.log(await store.cleanupExpired("dave:"));
   * // prints: { removed: 1, more: false }
   * ```
   */
  async cleanupExpired(prefix = "", options: CleanupOptions = {}): Promise<CleanupResult> {
    const request = requests.cleanupRequest(prefix, options);
    const limits = this.#limits(options);
    const answer = await this.#connection.call(RPC.cleanupExpired, request, "read", limits);
    return responses.readCleanup(answer);
  }

  async #get(request: GetRequest, limits: Limits): Promise<StoredRecord> {
    return responses.readRecord(await this.#connection.call(RPC.get, request, "read", limits));
  }

  async #putIfVersion(request: PutIfVersionRequest, limits: Limits): Promise<PutIfVersionResponse> {
    return this.#connection.call(RPC.putIfVersion, request, "repeatable write", limits);
  }

  /** Writes over exactly this version of a record. */
  async #write(
    record: StoredRecord,
    data: Uint8Array,
    expiry: Expiry,
    limits: Limits,
  ): Promise<StoredRecord> {
    const request = requests.changeRequest(record, data, expiry);
    return responses.readChanged(record, data, await this.#putIfVersion(request, limits));
  }

  #limits({ timeoutMs, signal }: CallOptions): Limits {
    const { settings } = this.#connection;
    const longest = timeoutMs === undefined ? settings.timeoutMs : checkedTimeout(timeoutMs);
    return { deadline: now() + longest, signal };
  }
}
