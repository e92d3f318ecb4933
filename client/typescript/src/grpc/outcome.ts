/** What an answer's headers say of how the call went. */

import { constants, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from "node:http2";

import { codeOfHttpStatus, readCode } from "./codes.js";
import { RpcError } from "./error.js";

/** The headers of an answer; those of a trailing block have no HTTP status. */
export type Headers = IncomingHttpHeaders & IncomingHttpStatusHeader;

/** How an HTTP/2 stream ended. */
export interface StreamEnd {
  /** The first block of headers, if any came. */
  readonly headers: Headers | undefined;
  /** The block that has the gRPC status, if it came. */
  readonly trailers: Headers | undefined;
  /** The code of the stream's reset, or 0 (RFC 9113, section 7). */
  readonly resetCode: number;
  /** What Node.js said, if something. */
  readonly cause: unknown;
}

/** Returns why a call failed, or undefined where it succeeded. */
export function readOutcome(end: StreamEnd): RpcError | undefined {
  if (end.trailers) return readStatus(end.trailers);
  if (end.headers && !isGrpc(end.headers)) return notGrpc(end.headers[":status"]);
  return brokenStream(end.resetCode, end.cause);
}

function readStatus(trailers: Headers): RpcError | undefined {
  const code = readCode(trailers["grpc-status"]);
  if (code === "OK") return undefined;
  const text = decodeText(String(trailers["grpc-message"] ?? ""));
  return new RpcError(code, text, { details: readBinary(trailers["grpc-status-details-bin"]) });
}

function isGrpc(headers: Headers): boolean {
  const type = headers["content-type"];
  return headers[":status"] === 200 && Boolean(type?.startsWith("application/grpc"));
}

function notGrpc(status: number | undefined): RpcError {
  return new RpcError(codeOfHttpStatus(status), `HTTP status ${String(status)}, and not gRPC`);
}

/**
 * Returns the error of a stream that ended without a status.
 *
 * A refused stream was certainly not looked at (RFC 9113, section 8.7); so are those that a
 * server which shuts down names as too late.
 */
function brokenStream(resetCode: number, cause: unknown): RpcError {
  const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_REFUSED_STREAM } = constants;
  const text = cause instanceof Error ? cause.message : "the connection was lost";
  const code = resetCode === NGHTTP2_ENHANCE_YOUR_CALM ? "RESOURCE_EXHAUSTED" : "UNAVAILABLE";
  return new RpcError(code, text, { neverSent: resetCode === NGHTTP2_REFUSED_STREAM, cause });
}

/** Returns the text of `grpc-message`, which is UTF-8 with percent encoding. */
function decodeText(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

/** Returns the bytes of a header in base 64, of which only the first value counts. */
function readBinary(value: string | string[] | undefined): Uint8Array | undefined {
  const first = Array.isArray(value) ? value[0] : value?.split(",", 1)[0];
  return first === undefined ? undefined : new Uint8Array(Buffer.from(first, "base64"));
}
