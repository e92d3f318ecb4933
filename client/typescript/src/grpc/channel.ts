import {
  fromBinary,
  toBinary,
  type DescMessage,
  type DescMethod,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { ClientHttp2Stream, OutgoingHttpHeaders } from "node:http2";

import { Answer } from "./answer.js";
import { Connector } from "./connector.js";
import { RpcError } from "./error.js";
import { Exchange, type Receiver } from "./exchange.js";
import { frame } from "./framing.js";
import { now, type Limits } from "./limits.js";
import { MessageStream } from "./message_stream.js";
import type { Session } from "./session.js";
import type { Target } from "./target.js";

/** A method of a service, with the types of its messages. */
export type Method<I extends DescMessage, O extends DescMessage> = DescMethod & {
  readonly input: I;
  readonly output: O;
};

/** Returns a request as it is sent, once for all attempts. */
export function encodeRequest<I extends DescMessage>(
  method: Method<I, DescMessage>,
  request: MessageShape<I>,
): Buffer {
  return frame(toBinary(method.input, request));
}

/** Makes calls by gRPC over HTTP/2, each of them once, on one connection that it keeps. */
export class Channel {
  readonly #connector: Connector;
  readonly #headers: OutgoingHttpHeaders;

  /** Takes where to connect to, and headers for all calls. The first call connects. */
  constructor(target: Target, metadata: Readonly<Record<string, string>>) {
    this.#connector = new Connector(target);
    this.#headers = {
      ":method": "POST",
      ":scheme": target.tls ? "https" : "http",
      ":authority": target.authority,
      te: "trailers",
      "content-type": "application/grpc+proto",
      "user-agent": "pannier-typescript",
      ...metadata,
    };
  }

  /**
   * Makes a call and returns its answer.
   *
   * @throws RpcError - There was none; `neverSent` tells whether the request was sent at all.
   * @throws unknown - The signal's reason, where the caller aborted.
   */
  async unary<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: Buffer,
    limits: Limits,
  ): Promise<MessageShape<O>> {
    const session = this.#connector.tryTake() ?? (await this.#connector.take(limits));
    const answer = new Answer(session);
    try {
      this.#begin(session, method, request, limits, answer);
    } catch (failure) {
      answer.end(failure);
    }
    return decode(method.output, await answer.bytes);
  }

  /**
   * Begins a call whose answer is a stream.
   *
   * @param connectBy - Until when a connection may take; what comes over it may take longer.
   * @throws RpcError - It could not be sent.
   * @throws unknown - The signal's reason, where the caller aborted.
   */
  async stream<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: Buffer,
    limits: Limits,
    connectBy: number,
  ): Promise<MessageStream<MessageShape<O>>> {
    const session =
      this.#connector.tryTake() ??
      (await this.#connector.take({ deadline: connectBy, signal: limits.signal }));
    return new MessageStream(
      session,
      (receiver) => this.#begin(session, method, request, limits, receiver),
      (bytes) => decode(method.output, bytes),
    );
  }

  /** Ends all calls and the connection; calls that come later fail. */
  async close(): Promise<void> {
    await this.#connector.close();
  }

  #begin(
    session: Session,
    method: DescMethod,
    request: Buffer,
    limits: Limits,
    receiver: Receiver,
  ): Exchange {
    const headers: OutgoingHttpHeaders = {
      ...this.#headers,
      ":path": `/${method.parent.typeName}/${method.name}`,
    };
    if (limits.deadline !== Infinity) headers["grpc-timeout"] = timeoutHeader(limits.deadline);
    return new Exchange(openStream(session, headers), request, limits, receiver);
  }
}

function openStream(session: Session, headers: OutgoingHttpHeaders): ClientHttp2Stream {
  try {
    return session.request(headers);
  } catch (cause) {
    throw new RpcError("UNAVAILABLE", String(cause), { neverSent: true, cause });
  }
}

/** Returns the time that is left, in whole milliseconds, or in seconds where these are many. */
function timeoutHeader(deadline: number): string {
  const left = Math.max(1, Math.ceil(deadline - now()));
  return left < 100_000_000 ? `${String(left)}m` : `${String(Math.ceil(left / 1_000))}S`;
}

function decode<O extends DescMessage>(schema: O, bytes: Uint8Array): MessageShape<O> {
  try {
    return fromBinary(schema, bytes);
  } catch (cause) {
    throw new RpcError("INTERNAL", "the answer is no valid message", { cause });
  }
}
