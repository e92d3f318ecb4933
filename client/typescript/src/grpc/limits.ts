import { setMaxListeners } from "node:events";
import { performance } from "node:perf_hooks";

import { RpcError } from "./error.js";

/** How long a call may go on, and who may end it before. */
export interface Limits {
  /** When its time is over, as `now` tells it; may be Infinity. */
  readonly deadline: number;
  /** Ends it early, where the caller gave one. */
  readonly signal: AbortSignal | undefined;
}

/** The longest time that `setTimeout` keeps, in milliseconds; a longer one would be over at once. */
export const MAX_TIMER_MS = 2_147_483_647;

/** Returns a clock reading in milliseconds that nobody can set. */
export function now(): number {
  return performance.now();
}

/** Returns the error of a call whose time is over. */
export function outOfTime(neverSent: boolean): RpcError {
  return new RpcError("DEADLINE_EXCEEDED", "", { neverSent });
}

/** Tells whether a call failed because its time was over. */
export function isOutOfTime(failure: unknown): boolean {
  return failure instanceof RpcError && failure.code === "DEADLINE_EXCEEDED";
}

/**
 * Calls back once when a call's time is over or its caller aborts it.
 *
 * @param limits - The call's.
 * @param end - Called later, at most once, with true where the caller aborted.
 * @returns What the call must do when it ends by itself. The wait does not keep the process alive.
 */
export function whenOver(limits: Limits, end: (aborted: boolean) => void): () => void {
  const { deadline, signal } = limits;
  const timer = deadline === Infinity ? undefined : setTimeout(onTime, deadline - now()).unref();
  if (signal?.aborted) {
    queueMicrotask(onAbort);
  } else if (signal) {
    allowManyListeners(signal);
    signal.addEventListener("abort", onAbort);
  }

  function disarm(): void {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
  function onTime(): void {
    disarm();
    end(false);
  }
  function onAbort(): void {
    disarm();
    end(true);
  }
  return disarm;
}

/** Lets one signal stand for many calls, without a warning that they might be a leak. */
export function allowManyListeners(signal: AbortSignal): void {
  setMaxListeners(Infinity, signal);
}

/**
 * Waits for a promise, at most as long as a call may go on.
 *
 * @param late - Returns the error for a time that is over.
 */
export function untilOver<T>(promise: Promise<T>, limits: Limits, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const disarm = whenOver(limits, (aborted) => {
      reject(aborted ? limits.signal?.reason : late());
    });
    promise.then(resolve, reject).finally(disarm);
  });
}
