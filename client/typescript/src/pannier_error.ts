import type { StatusCode } from "./grpc/codes.js";

/** Whether a failed write may have changed the store. */
export type WriteOutcome = "not_applied" | "unknown";

/** What every error knows, as its constructor takes it. */
export interface ErrorFacts {
  /** See `PannierError.code`. Default: that of the class. */
  readonly code?: StatusCode;
  /** See `PannierError.reason`. Default: empty. */
  readonly reason?: string;
  /** See `PannierError.writeOutcome`. Default: undefined. */
  readonly writeOutcome?: WriteOutcome | undefined;
  /** The error behind this one. */
  readonly cause?: unknown;
}

/**
 * A call that did not succeed.
 *
 * Catch the ones that you can do something about: `NotFoundError`, `VersionConflictError` and
 * `AlreadyExistsError` are answers, `UnavailableError`, `DeadlineExceededError` and
 * `ThrottledError` are trouble that may pass, `StoreMisconfiguredError` needs a person. The
 * message holds no key and no data. The `cause` is the failure of the last attempt, where
 * there was one.
 */
export class PannierError extends Error {
  /** The code of errors of this class that do not say otherwise. */
  protected static readonly defaultCode: StatusCode = "UNKNOWN";

  /** The gRPC status code. */
  readonly code: StatusCode;
  /**
   * The `ErrorReason` of the contract, such as `"KEY_INVALID"`; empty where the sidecar did
   * not send one, as when it cannot be reached.
   */
  readonly reason: string;
  /**
   * For a failed write, whether it may have been applied, over all attempts at it; undefined
   * for a read.
   */
  readonly writeOutcome: WriteOutcome | undefined;

  static {
    name(this, "PannierError");
  }

  /** Makes an error, as tests of your own may want to. */
  constructor(message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = facts.code ?? new.target.defaultCode;
    this.reason = facts.reason ?? "";
    this.writeOutcome = facts.writeOutcome;
  }
}

/**
 * Names a class's errors, in a way that survives a minifier; `stack` begins with it.
 *
 * @internal
 */
export function name(kind: { prototype: Error }, text: string): void {
  Object.defineProperty(kind.prototype, "name", { value: text, configurable: true });
}

/**
 * Sets what an error says of the write, once more is known.
 *
 * @internal
 */
export function setWriteOutcome(error: PannierError, outcome: WriteOutcome | undefined): void {
  (error as { writeOutcome: WriteOutcome | undefined }).writeOutcome = outcome;
}
