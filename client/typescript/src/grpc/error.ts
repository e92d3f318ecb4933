import type { StatusCode } from "./codes.js";

/** What is known of a failed attempt beside its code and text. */
export interface RpcFacts {
  /** The encoded google.rpc.Status that came with the status. */
  details?: Uint8Array | undefined;
  /** True where the request certainly never left this process, or was never looked at. */
  neverSent?: boolean;
  /** What Node.js said, where the failure is the connection's. */
  cause?: unknown;
}

/** One attempt at a call that got no answer, with the status as gRPC has it. */
export class RpcError extends Error {
  readonly code: StatusCode;
  /** The encoded google.rpc.Status that came with the status. */
  readonly details!: Uint8Array | undefined;
  /** True where the request certainly never left this process, or was never looked at. */
  readonly neverSent: boolean;

  static {
    Object.defineProperty(this.prototype, "name", { value: "RpcError" });
  }

  constructor(code: StatusCode, text: string, facts: RpcFacts = {}) {
    super(text, "cause" in facts ? { cause: facts.cause } : undefined);
    this.code = code;
    this.neverSent = facts.neverSent ?? false;
    // Not shown where the error is printed: it is for programs.
    Object.defineProperty(this, "details", { value: facts.details, enumerable: false });
  }
}
