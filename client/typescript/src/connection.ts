import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { debuglog } from "node:util";

import { Attempts, type Safety } from "./attempts.js";
import { DeadlineExceededError, StoreClosedError } from "./errors.js";
import { StorageBackend } from "./gen/pannier/v1/storage_pb.js";
import { Channel, encodeRequest, type Method } from "./grpc/channel.js";
import { RpcError } from "./grpc/error.js";
import { allowManyListeners, now, untilOver, type Limits } from "./grpc/limits.js";
import { cutShort, type Listing } from "./listing.js";
import { PannierError } from "./pannier_error.js";
import type { Page } from "./records.js";
import type { Settings } from "./settings.js";
import { readError } from "./status.js";

// NODE_DEBUG=pannier shows it. It has no keys and no data.
const log = debuglog("pannier");

const NOT_APPLIED = { writeOutcome: "not_applied" } as const;
const CLOSED_EARLY = "the store was closed while the call ran";
const CHANGE_WAS_SLOW = "the change took longer than the call may";
const TIME_WAS_OVER = "the call's time was over before it was sent";

/** The calls of a store: one channel, attempts, pauses, broken lists. */
export class Connection {
  readonly settings: Settings;
  readonly #channel: Channel;
  readonly #closing = new AbortController();

  /** Makes the channel; it connects with the first call. */
  constructor(settings: Settings) {
    this.settings = settings;
    this.#channel = new Channel(settings.target, settings.metadata);
    allowManyListeners(this.#closing.signal);
  }

  /** Ends what runs and closes the channel. */
  async close(): Promise<void> {
    this.#closing.abort(new StoreClosedError(CLOSED_EARLY, NOT_APPLIED));
    await this.#channel.close();
  }

  /**
   * Returns the answer to a call, over as many attempts as are safe and fit.
   *
   * @param method - The method.
   * @param request - The same request for each attempt.
   * @param safety - What a second attempt could do.
   * @param limits - When it must end.
   * @throws PannierError - The last attempt's error, with the outcome of all.
   * @throws unknown - The signal's reason, where the caller aborted.
   */
  async call<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: MessageShape<I>,
    safety: Safety,
    limits: Limits,
  ): Promise<MessageShape<O>> {
    const encoded = encodeRequest(method, request);
    const attempts = new Attempts(this.settings.retries, safety, limits.deadline);
    let last: PannierError | undefined;
    for (;;) {
      this.#check(limits, attempts, last);
      try {
        return await this.#channel.unary(method, encoded, limits);
      } catch (cause) {
        last = this.#readError(cause);
        const pause = attempts.afterFailure(last, now());
        if (pause === undefined) throw last;
        await this.pause(pause, limits, last);
      }
    }
  }

  /**
   * Yields the pages of a list, going on after breaks; the stream ends with the generator.
   *
   * @param listing - The list, before its first page.
   * @param longestMs - Milliseconds for the whole list, from its first page on; may be Infinity.
   * @param signal - Ends it early.
   */
  async *pages(
    listing: Listing,
    longestMs: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Page, void, undefined> {
    const limits = { deadline: now() + longestMs, signal };
    while (!listing.isOver()) {
      let error: PannierError;
      try {
        yield* this.#stream(listing, limits);
        if (listing.isOver()) return;
        error = cutShort();
      } catch (cause) {
        // A break behind the last record is none.
        if (listing.isOver() && cause instanceof RpcError) return;
        error = this.#readError(cause);
      }
      const giveUp = Math.min(limits.deadline, now() + this.settings.timeoutMs);
      const pause = listing.afterFailure(error, this.settings.retries, giveUp, now());
      if (pause === undefined) throw error;
      await this.pause(pause, limits, error);
    }
  }

  /**
   * Waits before another attempt. Closing the store ends the wait, and so does the caller.
   *
   * @throws unknown - The signal's reason, where the caller aborted.
   */
  async pause(ms: number, limits: Limits, error: PannierError): Promise<void> {
    log("after %s: another attempt in %d ms", error.code, Math.round(ms));
    await sleep(ms, [this.#closing.signal, limits.signal]);
    limits.signal?.throwIfAborted();
  }

  /**
   * Waits for something of the caller's, at most as long as a call may go on.
   *
   * @throws DeadlineExceededError - The call's time was over first.
   * @throws StoreClosedError - The store was closed first.
   * @throws unknown - The signal's reason, where the caller aborted.
   */
  async heed<T>(promise: Promise<T>, limits: Limits): Promise<T> {
    const late = (): Error => new DeadlineExceededError(CHANGE_WAS_SLOW, NOT_APPLIED);
    const inTime = untilOver(promise, limits, late);
    return untilOver(inTime, { deadline: Infinity, signal: this.#closing.signal }, late);
  }

  async *#stream(listing: Listing, limits: Limits): AsyncGenerator<Page, void, undefined> {
    this.#check(limits, new Attempts(this.settings.retries, "read", limits.deadline), undefined);
    const method = StorageBackend.method.listByPrefix;
    const stream = await this.#channel.stream(
      method,
      encodeRequest(method, listing.request),
      limits,
      Math.min(limits.deadline, listing.givesUpAt, now() + this.settings.timeoutMs),
    );
    try {
      for (let page = await stream.next(); page; page = await stream.next()) {
        yield listing.accept(page);
        limits.signal?.throwIfAborted();
      }
    } finally {
      stream.cancel();
    }
  }

  /** Throws where another attempt cannot be sent; `last` is the last one's error. */
  #check(limits: Limits, attempts: Attempts, last: PannierError | undefined): void {
    limits.signal?.throwIfAborted();
    if (this.#closing.signal.aborted) {
      throw attempts.merge(new StoreClosedError("the store is closed", NOT_APPLIED));
    }
    if (now() < limits.deadline) return;
    throw last ?? attempts.merge(new DeadlineExceededError(TIME_WAS_OVER, NOT_APPLIED));
  }

  #readError(cause: unknown): PannierError {
    if (cause instanceof PannierError) throw cause;
    if (this.#closing.signal.aborted) {
      const sent = !(cause instanceof RpcError && cause.neverSent);
      return new StoreClosedError(CLOSED_EARLY, { ...(sent ? {} : NOT_APPLIED), cause });
    }
    if (cause instanceof RpcError) return readError(cause, this.settings.address);
    throw cause;
  }
}

/** Waits, until one of the signals is aborted at most. */
async function sleep(ms: number, signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  if (signals.some((signal) => signal?.aborted)) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(wake, ms);
    for (const signal of signals) signal?.addEventListener("abort", wake);

    function wake(): void {
      clearTimeout(timer);
      for (const signal of signals) signal?.removeEventListener("abort", wake);
      resolve();
    }
  });
}
