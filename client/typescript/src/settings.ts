import { isIP } from "node:net";
import type { ConnectionOptions } from "node:tls";

import { parseAddress, resolveAddress, type Place } from "./addresses.js";
import { MAX_TIMER_MS } from "./grpc/limits.js";
import type { Target } from "./grpc/target.js";
import { metadataHeaders, type Metadata } from "./metadata.js";
import { RetryPolicy, type RetryOptions } from "./retries.js";

/** How a connection is encrypted, and who both sides are. All in PEM. */
export interface TlsOptions {
  /** Who may vouch for the sidecar. Default: the authorities that Node.js trusts. */
  readonly rootCertificates?: string | Uint8Array | undefined;
  /** Who we are, where the sidecar wants to know: a certificate and those above it. */
  readonly certificate?: string | Uint8Array | undefined;
  /** The private key of that certificate. */
  readonly privateKey?: string | Uint8Array | undefined;
  /** The name in the sidecar's certificate. Default: the host of the address. */
  readonly serverName?: string | undefined;
}

/** What `connect` takes. */
export interface ConnectOptions {
  /**
   * Milliseconds that each call may take, its retries included; above 0, at most
   * 2,147,483,647. Default: 10,000.
   */
  readonly timeoutMs?: number | undefined;
  /** How calls are tried again where that is safe; false for not at all. */
  readonly retries?: RetryOptions | false | undefined;
  /** TLS; true for TLS with all its defaults. Default: a plain connection. */
  readonly tls?: TlsOptions | boolean | undefined;
  /** Sent with each call as `authorization: Bearer TOKEN` (RFC 6750): printable ASCII. */
  readonly token?: string | undefined;
  /** Sent with each call as well. */
  readonly metadata?: Metadata | undefined;
}

/** The settings of a store, checked. */
export interface Settings {
  /** Where the sidecar is, as people write it. */
  readonly address: string;
  /** The same, as it is connected to. */
  readonly target: Target;
  /** Milliseconds that a call may take, unless it says otherwise. */
  readonly timeoutMs: number;
  /** How failed calls are tried again. */
  readonly retries: RetryPolicy;
  /** Headers of each call; may hold secrets. */
  readonly metadata: Readonly<Record<string, string>>;
}

const DEFAULT_TIMEOUT_MS = 10_000; // the server's own

/**
 * Returns checked settings.
 *
 * @throws TypeError - The address, the token or the metadata is not usable.
 * @throws RangeError - The timeout or the retry options are out of range.
 * @throws Error - The default socket's directory is not safe to use.
 */
export function makeSettings(address: string | undefined, options: ConnectOptions): Settings {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, retries = {}, tls = false } = options;
  const resolved = resolveAddress(address);
  return {
    address: resolved,
    target: makeTarget(resolved, tls === true ? {} : tls),
    timeoutMs: checkedTimeout(timeoutMs),
    retries: new RetryPolicy(retries),
    metadata: metadataHeaders(options.token, options.metadata ?? {}),
  };
}

/**
 * Returns a timeout in milliseconds.
 *
 * @throws RangeError - It is not above 0, or longer than timers can be.
 */
export function checkedTimeout(timeoutMs: number): number {
  if (timeoutMs > 0 && timeoutMs <= MAX_TIMER_MS) return timeoutMs;
  const range = `above 0 and at most ${MAX_TIMER_MS.toLocaleString("en")}`;
  throw new RangeError(`timeoutMs must be ${range}, not ${String(timeoutMs)}`);
}

function makeTarget(address: string, tls: TlsOptions | false): Target {
  const place = parseAddress(address);
  if (tls === false) return { ...place, tls: undefined };
  return {
    endpoint: place.endpoint,
    authority: tls.serverName ?? place.authority,
    tls: tlsSettings(tls, place),
  };
}

function tlsSettings(tls: TlsOptions, { endpoint }: Place): ConnectionOptions {
  const host = "host" in endpoint ? endpoint.host : "localhost";
  const name = tls.serverName ?? (isIP(host) === 0 ? host : undefined);
  return {
    ca: pem(tls.rootCertificates),
    cert: pem(tls.certificate),
    key: pem(tls.privateKey),
    // An IP address is no server name (RFC 6066); the certificate is held against it all the same.
    ...(name === undefined ? {} : { servername: name }),
  };
}

function pem(text: string | Uint8Array | undefined): string | Buffer | undefined {
  return text instanceof Uint8Array ? Buffer.from(text) : text;
}
