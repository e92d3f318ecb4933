import type { Exchange, Receiver } from "./exchange.js";
import { isOutOfTime } from "./limits.js";
import type { Session } from "./session.js";

/** The messages of a streamed answer. It is read as they are asked for, one ahead. */
export class MessageStream<T> implements Receiver {
  readonly #session: Session;
  readonly #decode: (bytes: Uint8Array) => T;
  readonly #exchange: Exchange;
  readonly #messages: Uint8Array[] = [];
  #ended = false;
  #failure: { readonly reason: unknown } | undefined;
  #wake: (() => void) | undefined;

  /**
   * Begins the call.
   *
   * @param session - The connection that it is on.
   * @param begin - Begins it.
   * @param decode - Decodes a message.
   */
  constructor(
    session: Session,
    begin: (receiver: Receiver) => Exchange,
    decode: (bytes: Uint8Array) => T,
  ) {
    this.#session = session;
    this.#decode = decode;
    this.#exchange = begin(this);
  }

  /**
   * Returns the next message, or undefined at the end. One call at a time.
   *
   * The process is kept alive only while somebody waits here, not by a forgotten stream.
   *
   * @throws RpcError - The stream failed after the messages that came.
   */
  async next(): Promise<T | undefined> {
    if (this.#messages.length === 0 && !this.#ended) await this.#more();
    const bytes = this.#messages.shift();
    if (bytes) return this.#decode(bytes);
    if (this.#failure) throw this.#failure.reason;
    return undefined;
  }

  /** Ends the call, where it runs still. */
  cancel(): void {
    this.#exchange.cancel();
  }

  message(bytes: Uint8Array): void {
    this.#messages.push(bytes);
    this.#exchange.pause();
    this.#wake?.();
  }

  end(failure: unknown): void {
    this.#ended = true;
    if (failure !== undefined) this.#failure = { reason: failure };
    if (isOutOfTime(failure)) this.#session.verify();
    this.#wake?.();
  }

  async #more(): Promise<void> {
    this.#session.hold();
    try {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#exchange.resume();
      });
    } finally {
      this.#wake = undefined;
      this.#session.release();
    }
  }
}
