import { setTimeout as sleep } from "node:timers/promises";

import { RpcError } from "./error.js";
import { now, outOfTime, untilOver, type Limits } from "./limits.js";
import { Session } from "./session.js";
import type { Target } from "./target.js";

const INITIAL_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 1_000;

/** Keeps one connection for all calls, and makes a new one where that has ended. */
export class Connector {
  readonly #target: Target;
  readonly #sessions = new Set<Session>();
  readonly #closing = new AbortController();
  #session: Session | undefined;
  #connecting: Promise<Session> | undefined;
  #lastError: RpcError | undefined;
  #backoff = INITIAL_BACKOFF_MS;
  #notBefore = 0;

  /** Takes where to connect to; the first call connects. */
  constructor(target: Target) {
    this.#target = target;
  }

  /** Returns a connection with room for a call, which is taken, where there is one now. */
  tryTake(): Session | undefined {
    const session = this.#session;
    return session?.isUsable && session.slots.tryTake() ? session : undefined;
  }

  /**
   * Waits for a connection with room for a call, and takes it.
   *
   * @throws RpcError - It could not be made, or not while the caller has time.
   * @throws unknown - The signal's reason, where the caller aborted.
   */
  async take(limits: Limits): Promise<Session> {
    for (;;) {
      const session = this.#session?.isUsable ? this.#session : await this.#connected(limits);
      session.hold();
      try {
        if (session.slots.tryTake() || (await session.slots.take(limits))) return session;
      } finally {
        session.release();
      }
    }
  }

  /** Ends all connections; later attempts fail. */
  async close(): Promise<void> {
    this.#closing.abort();
    const sessions = [...this.#sessions];
    for (const session of sessions) session.destroy();
    await Promise.all(sessions.map((session) => session.gone));
  }

  /** Returns a new connection. All callers share one attempt to make it. */
  async #connected(limits: Limits): Promise<Session> {
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return untilOver(this.#connecting, limits, () => this.#lastError ?? outOfTime(true));
  }

  async #connect(): Promise<Session> {
    await this.#backOff();
    if (this.#closing.signal.aborted) throw closed();
    const session = new Session(this.#target);
    this.#sessions.add(session);
    void session.gone.then(() => this.#sessions.delete(session));
    try {
      await session.ready;
    } catch (cause) {
      throw this.#failed(cause);
    }
    this.#lastError = undefined;
    this.#backoff = INITIAL_BACKOFF_MS;
    // A sidecar that hangs up as soon as it has greeted is not called on and on.
    this.#wait();
    this.#session = session;
    return session;
  }

  async #backOff(): Promise<void> {
    const left = this.#notBefore - now();
    if (left <= 0) return;
    // Closing ends the wait, and is seen after it.
    await sleep(left, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }

  #failed(cause: unknown): RpcError {
    this.#wait();
    this.#backoff = Math.min(MAX_BACKOFF_MS, 2 * this.#backoff);
    this.#lastError = new RpcError("UNAVAILABLE", textOf(cause), { neverSent: true, cause });
    return this.#lastError;
  }

  /** Puts the next attempt off. Those who lost the same sidecar do not come back in step. */
  #wait(): void {
    this.#notBefore = now() + this.#backoff * (0.8 + 0.4 * Math.random());
  }
}

function closed(): RpcError {
  return new RpcError("CANCELLED", "the channel is closed", { neverSent: true });
}

/** Returns what an error says, in a line. */
function textOf(cause: unknown): string {
  // One of several addresses has its text in its parts, one of OpenSSL in its reason.
  if (cause instanceof AggregateError) return cause.errors.map(textOf).join(", ");
  if (!(cause instanceof Error)) return String(cause);
  return "reason" in cause && typeof cause.reason === "string" ? cause.reason : cause.message;
}
