import { RpcError } from "./error.js";
import type { Receiver } from "./exchange.js";
import { isOutOfTime } from "./limits.js";
import type { Session } from "./session.js";

/** The one message that answers a call. */
export class Answer implements Receiver {
  /** The message, or why there is none. */
  readonly bytes: Promise<Uint8Array>;
  readonly #session: Session;
  #resolve!: (bytes: Uint8Array) => void;
  #reject!: (reason: unknown) => void;
  #message: Uint8Array | undefined;

  /** Keeps the process alive, for the session's sake, until the call has ended. */
  constructor(session: Session) {
    this.#session = session;
    session.hold();
    this.bytes = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  message(bytes: Uint8Array): void {
    if (this.#message) throw new RpcError("INTERNAL", "the answer has more than one message");
    this.#message = bytes;
  }

  end(failure: unknown): void {
    this.#session.release();
    if (failure !== undefined) {
      if (isOutOfTime(failure)) this.#session.verify();
      this.#reject(failure);
    } else if (this.#message) {
      this.#resolve(this.#message);
    } else {
      this.#reject(new RpcError("INTERNAL", "the answer has no message"));
    }
  }
}
