import type { ConnectionOptions } from "node:tls";

/** Where to connect to, and how. */
export interface Target {
  /** A Unix socket or a port. */
  readonly endpoint: { readonly path: string } | { readonly host: string; readonly port: number };
  /** What the other side is called: the `:authority` of requests. */
  readonly authority: string;
  /** TLS, or undefined for a plain connection. */
  readonly tls: ConnectionOptions | undefined;
}
