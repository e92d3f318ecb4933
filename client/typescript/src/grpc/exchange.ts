import { constants, type ClientHttp2Stream } from "node:http2";

import { RpcError } from "./error.js";
import { MessageReader } from "./framing.js";
import { outOfTime, whenOver, type Limits } from "./limits.js";
import { readOutcome, type Headers } from "./outcome.js";

/** What becomes of a call, told to whoever made it. */
export interface Receiver {
  /** Takes a message of the answer. */
  message(bytes: Uint8Array): void;
  /** Hears once, at the end, why the call failed; undefined where it succeeded. */
  end(failure: unknown): void;
}

// A page may hold one record, whose data is under 4 MiB; gRPC's usual limit is just that.
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;

/** One attempt at a call: an HTTP/2 stream, from its request to its status. */
export class Exchange {
  readonly #stream: ClientHttp2Stream;
  readonly #receiver: Receiver;
  readonly #reader = new MessageReader(MAX_MESSAGE_BYTES);
  readonly #disarm: () => void;
  #headers: Headers | undefined;
  #trailers: Headers | undefined;
  #cause: unknown;
  #ended = false;

  /**
   * Sends the request.
   *
   * @param stream - A new stream, whose headers are on their way.
   * @param request - The one message of the request, framed.
   * @param limits - When the call must end.
   * @param receiver - Hears what comes.
   */
  constructor(stream: ClientHttp2Stream, request: Buffer, limits: Limits, receiver: Receiver) {
    this.#stream = stream;
    this.#receiver = receiver;
    stream.on("response", (headers: Headers) => {
      this.#headers = headers;
      // An answer that is nothing but a status has it in its only block of headers.
      if ("grpc-status" in headers) this.#trailers = headers;
    });
    stream.on("data", (chunk: Buffer) => {
      this.#take(chunk);
    });
    stream.on("trailers", (trailers: Headers) => {
      this.#trailers = trailers;
    });
    stream.on("error", (error) => {
      this.#cause = error;
    });
    stream.on("close", () => {
      this.#end(this.#outcome());
    });
    this.#disarm = whenOver(limits, (aborted) => {
      this.#giveUp(aborted ? limits.signal?.reason : outOfTime(false));
    });
    stream.end(request);
  }

  /** Takes no more of the answer for now, so that the sidecar waits. */
  pause(): void {
    this.#stream.pause();
  }

  /** Takes what comes again. */
  resume(): void {
    this.#stream.resume();
  }

  /** Ends the call without hearing how it went. */
  cancel(): void {
    this.#giveUp(undefined);
  }

  #take(chunk: Buffer): void {
    if (this.#ended) return;
    try {
      for (const message of this.#reader.push(chunk)) this.#receiver.message(message);
    } catch (failure) {
      this.#giveUp(failure);
    }
  }

  #outcome(): unknown {
    const failure = readOutcome({
      headers: this.#headers,
      trailers: this.#trailers,
      resetCode: this.#stream.rstCode,
      cause: this.#cause,
    });
    if (failure || !this.#reader.isAmidMessage) return failure;
    return new RpcError("INTERNAL", "the answer ended amid a message");
  }

  #giveUp(failure: unknown): void {
    if (this.#ended) return;
    this.#end(failure);
    this.#stream.close(constants.NGHTTP2_CANCEL);
    // An answer that has come whole is closed only once it is read, or thrown away.
    this.#stream.resume();
  }

  #end(failure: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#disarm();
    this.#receiver.end(failure);
  }
}
