/** Headers that callers add to each call. */

/**
 * Headers of gRPC's: lower-case names. Values are printable ASCII, or bytes where the name ends
 * with `-bin`.
 */
export type Metadata = Readonly<Record<string, string | Uint8Array>>;

const NAME = /^[0-9a-z_.-]+$/;
const PRINTABLE = /^[\x20-\x7e]*$/;

// What belongs to gRPC or to HTTP/2 itself (RFC 9113, section 8.2.2).
const RESERVED = new Set([
  "connection",
  "content-length",
  "content-type",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Returns the headers for a token and metadata.
 *
 * @throws TypeError - One of them cannot be a header.
 */
export function metadataHeaders(
  token: string | undefined,
  metadata: Metadata,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(metadata)) headers[name] = headerValue(name, value);
  if (token === undefined) return headers;
  if ("authorization" in headers) {
    throw new TypeError("give the token, or metadata.authorization, but not both");
  }
  // The characters of RFC 6750's b64token and a few more; a line break would end the header.
  if (token === "" || !PRINTABLE.test(token)) {
    throw new TypeError("the token must be printable ASCII, and not empty");
  }
  return { ...headers, authorization: `Bearer ${token}` };
}

function headerValue(name: string, value: string | Uint8Array): string {
  if (!NAME.test(name) || RESERVED.has(name) || name.startsWith("grpc-")) {
    throw new TypeError(`metadata cannot have the name ${JSON.stringify(name)}`);
  }
  if (name.endsWith("-bin")) {
    if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
    throw new TypeError(`metadata[${JSON.stringify(name)}] must be a Uint8Array, for its "-bin"`);
  }
  if (typeof value === "string" && PRINTABLE.test(value)) return value;
  throw new TypeError(`metadata[${JSON.stringify(name)}] must be printable ASCII`);
}
