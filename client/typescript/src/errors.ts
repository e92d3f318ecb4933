import type { StatusCode } from "./grpc/codes.js";
import { name, PannierError, type ErrorFacts } from "./pannier_error.js";
import type { StoredRecord, UnreadableRow } from "./records.js";

/** No live record has the key: never written, deleted, or expired. */
export class NotFoundError extends PannierError {
  protected static override readonly defaultCode = "NOT_FOUND";
  static {
    name(this, "NotFoundError");
  }
}

/** The facts of a `VersionConflictError`. */
export interface ConflictFacts {
  /** See `VersionConflictError.expectedVersion`. */
  readonly expectedVersion?: bigint;
  /** See `VersionConflictError.actualVersion`. */
  readonly actualVersion?: bigint;
  /** See `VersionConflictError.actualEtag`. */
  readonly actualEtag?: string;
}

/** The record has another version or etag than expected: read it again. */
export class VersionConflictError extends PannierError {
  protected static override readonly defaultCode = "ABORTED";
  /** The version that the call expected; 0 where it gave an etag only. */
  readonly expectedVersion: bigint;
  /** The version that the store saw in the check that failed; 0 where it did not say. */
  readonly actualVersion: bigint;
  /** The etag that it saw there; empty where it did not say. */
  readonly actualEtag: string;

  static {
    name(this, "VersionConflictError");
  }

  /** Makes an error. */
  constructor(message: string, facts: ErrorFacts & ConflictFacts = {}) {
    super(message, facts);
    this.expectedVersion = facts.expectedVersion ?? 0n;
    this.actualVersion = facts.actualVersion ?? 0n;
    this.actualEtag = facts.actualEtag ?? "";
  }
}

/** A live record has the key that was to be created. */
export class AlreadyExistsError extends PannierError {
  protected static override readonly defaultCode = "ALREADY_EXISTS";
  static {
    name(this, "AlreadyExistsError");
  }
}

/** The sidecar refuses an argument; `reason` tells which. */
export class InvalidArgumentError extends PannierError {
  protected static override readonly defaultCode: StatusCode = "INVALID_ARGUMENT";
  static {
    name(this, "InvalidArgumentError");
  }
}

/** The facts of a `DataTooLargeError`. */
export interface SizeFacts {
  /** See `DataTooLargeError.actualBytes`. */
  readonly actualBytes?: number;
  /** See `DataTooLargeError.limitBytes`. */
  readonly limitBytes?: number;
}

/** The data is larger than the server takes. */
export class DataTooLargeError extends InvalidArgumentError {
  /** The size of the data in bytes; 0 where the server did not say. */
  readonly actualBytes: number;
  /** The largest size that is accepted, in bytes; 0 where the server did not say. */
  readonly limitBytes: number;

  static {
    name(this, "DataTooLargeError");
  }

  /** Makes an error. */
  constructor(message: string, facts: ErrorFacts & SizeFacts = {}) {
    super(message, facts);
    this.actualBytes = facts.actualBytes ?? 0;
    this.limitBytes = facts.limitBytes ?? 0;
  }
}

/** The request id was used for another write to this key. */
export class RequestIdReusedError extends InvalidArgumentError {
  static {
    name(this, "RequestIdReusedError");
  }
}

/** The sidecar wants to know who calls, or does not believe it. */
export class UnauthenticatedError extends PannierError {
  protected static override readonly defaultCode = "UNAUTHENTICATED";
  static {
    name(this, "UnauthenticatedError");
  }
}

/** The caller may not do this, or not to this owner's records. */
export class PermissionDeniedError extends PannierError {
  protected static override readonly defaultCode = "PERMISSION_DENIED";
  static {
    name(this, "PermissionDeniedError");
  }
}

/** The facts of a `ThrottledError`. */
export interface ThrottlingFacts {
  /** See `ThrottledError.retryDelayMs`. */
  readonly retryDelayMs?: number | undefined;
}

/** The store asks for fewer requests. */
export class ThrottledError extends PannierError {
  protected static override readonly defaultCode: StatusCode = "RESOURCE_EXHAUSTED";
  /**
   * Milliseconds after which the server wants to be asked again; undefined where it wants no
   * retry.
   */
  readonly retryDelayMs: number | undefined;

  static {
    name(this, "ThrottledError");
  }

  /** Makes an error. */
  constructor(message: string, facts: ErrorFacts & ThrottlingFacts = {}) {
    super(message, facts);
    this.retryDelayMs = facts.retryDelayMs;
  }
}

/** The sidecar itself has more work than it can do in time. */
export class OverloadedError extends ThrottledError {
  static {
    name(this, "OverloadedError");
  }
}

/** The store needs someone's attention; `reason` and message say what for. */
export class StoreMisconfiguredError extends PannierError {
  protected static override readonly defaultCode = "FAILED_PRECONDITION";
  static {
    name(this, "StoreMisconfiguredError");
  }
}

/** The sidecar or its store cannot be reached, or the connection broke. */
export class UnavailableError extends PannierError {
  protected static override readonly defaultCode = "UNAVAILABLE";
  static {
    name(this, "UnavailableError");
  }
}

/** The call's time ran out. */
export class DeadlineExceededError extends PannierError {
  protected static override readonly defaultCode = "DEADLINE_EXCEEDED";
  static {
    name(this, "DeadlineExceededError");
  }
}

/** The stored row cannot be read as a record; the message says what is wrong. */
export class CorruptRecordError extends PannierError {
  protected static override readonly defaultCode = "DATA_LOSS";
  static {
    name(this, "CorruptRecordError");
  }
}

/** A bug of the sidecar. */
export class InternalError extends PannierError {
  protected static override readonly defaultCode = "INTERNAL";
  static {
    name(this, "InternalError");
  }
}

/** The store was closed, before the call or while it ran. */
export class StoreClosedError extends PannierError {
  protected static override readonly defaultCode = "CANCELLED";
  static {
    name(this, "StoreClosedError");
  }
}

/** The facts of an `OutcomeUnknownError`. */
export interface ChangeFacts {
  /** See `OutcomeUnknownError.record`. */
  readonly record: StoredRecord;
  /** See `OutcomeUnknownError.data`. */
  readonly data: Uint8Array;
}

/**
 * An update failed and may have been applied all the same.
 *
 * Read the record again to find out. The `cause` is the error of the write; `code` and
 * `reason` are its own.
 */
export class OutcomeUnknownError extends PannierError {
  /** The record that the change started from. */
  readonly record: StoredRecord;
  /** The data that may have been written over it. Not shown where the error is printed. */
  readonly data!: Uint8Array;

  static {
    name(this, "OutcomeUnknownError");
  }

  /** Makes an error. */
  constructor(message: string, facts: ErrorFacts & ChangeFacts) {
    super(message, facts);
    this.record = facts.record;
    Object.defineProperty(this, "data", { value: facts.data, enumerable: false });
  }
}

/** The facts of an `UnreadableRecordsError`. */
export interface UnreadableFacts {
  /** See `UnreadableRecordsError.unreadable`. */
  readonly unreadable: readonly UnreadableRow[];
  /** See `UnreadableRecordsError.count`. */
  readonly count: number;
}

/** A list met stored rows that are no readable records; all others were given. */
export class UnreadableRecordsError extends PannierError {
  protected static override readonly defaultCode = "DATA_LOSS";
  /** Key and problem of each, at most the first 1,000 of them. */
  readonly unreadable: readonly UnreadableRow[];
  /** How many there were. */
  readonly count: number;

  static {
    name(this, "UnreadableRecordsError");
  }

  /** Makes an error. */
  constructor(message: string, facts: ErrorFacts & UnreadableFacts) {
    super(message, facts);
    this.unreadable = facts.unreadable;
    this.count = facts.count;
  }
}
