import {
  connect as connectHttp2,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
  type Settings,
} from "node:http2";
import { connect as connectSocket, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

import { Slots } from "./slots.js";
import type { Target } from "./target.js";

// Each call has a number of its own, of which there are 2^30 (RFC 9113, section 5.1.1).
const MOST_CALLS = 1_000_000_000;

const CONNECT_TIMEOUT_MS = 3_000;
const PING_TIMEOUT_MS = 5_000;

// Pages of about 1 MiB and records up to 4 MiB come without waiting for the window to open.
const STREAM_WINDOW_BYTES = 1024 * 1024;
const CONNECTION_WINDOW_BYTES = 8 * 1024 * 1024;
// Node.js resets streams above it. By default it is 10 MB, which few large records fill; how
// many calls there are at a time is limited by `Slots`.
const MAX_MEMORY_MB = 4_096;

/** One HTTP/2 connection, from the attempt to connect to its end. */
export class Session {
  /** Resolves once calls may be sent; rejects with what Node.js says where that is never. */
  readonly ready: Promise<void>;
  /** Resolves once the connection is gone. */
  readonly gone: Promise<void>;
  /** Room for calls; one is taken before a `request`, which gives it back. */
  readonly slots = new Slots();
  readonly #http2: ClientHttp2Session;
  readonly #socket: Socket;
  #callsLeft: number;
  #waiting = 0;
  #isPinging = false;

  /** Begins to connect. After so many calls it takes no more. */
  constructor(target: Target, mostCalls = MOST_CALLS) {
    this.#callsLeft = mostCalls;
    const socket = openSocket(target);
    const session = connectHttp2(`${target.tls ? "https" : "http"}://localhost`, {
      createConnection: () => socket,
      maxSessionMemory: MAX_MEMORY_MB,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
    });
    this.#http2 = session;
    this.#socket = socket;
    // Where TLS fails late, Node.js would wait for the socket, and nobody would close it.
    socket.once("error", () => socket.destroy());
    let reason: unknown = new Error("the connection was closed");
    session.on("error", (error) => {
      reason = error;
    });
    session.on("remoteSettings", ({ maxConcurrentStreams = Infinity }: Settings) => {
      this.slots.allow(maxConcurrentStreams);
    });
    session.on("goaway", () => {
      this.slots.end();
    });
    this.gone = new Promise((resolve) => session.once("close", resolve));
    this.ready = new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.destroy(new Error(`no connection in ${String(CONNECT_TIMEOUT_MS / 1_000)} s`));
      }, CONNECT_TIMEOUT_MS);
      session.once("remoteSettings", () => {
        clearTimeout(timer);
        session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
        // From here on calls keep the process alive, not the connection.
        session.unref();
        resolve();
      });
      session.once("close", () => {
        clearTimeout(timer);
        this.slots.end();
        reject(reason);
      });
    });
  }

  /** False once the connection is broken, closed, told to end by a GOAWAY frame, or used up. */
  get isUsable(): boolean {
    return this.#callsLeft > 0 && !this.#http2.closed && !this.#http2.destroyed;
  }

  /**
   * Begins a call.
   *
   * @throws Error - The connection takes no more calls.
   */
  request(headers: OutgoingHttpHeaders): ClientHttp2Stream {
    try {
      const stream = this.#http2.request(headers);
      if (--this.#callsLeft === 0) this.slots.end();
      stream.once("close", () => {
        this.slots.giveBack();
        // Not before: Node.js would refuse what it has not sent yet.
        if (this.#callsLeft === 0) this.#http2.close();
      });
      return stream;
    } catch (error) {
      this.slots.giveBack();
      throw error;
    }
  }

  /** Ends the connection, and the calls on it, at once. */
  destroy(reason?: Error): void {
    this.#http2.destroy(reason);
    this.#socket.destroy();
  }

  /** Keeps the process alive until `release`; several may hold it at a time. */
  hold(): void {
    if (this.#waiting++ === 0) this.#http2.ref();
  }

  /** Takes one `hold` back. */
  release(): void {
    if (--this.#waiting === 0) this.#http2.unref();
  }

  /**
   * Ends the connection where the other side does not answer any more.
   *
   * A host that vanished says nothing, and the kernel hopes for a quarter of an hour.
   */
  verify(): void {
    if (this.#isPinging || !this.isUsable) return;
    this.#isPinging = true;
    // An answer that came while this process was busy is read before it is missed.
    const timer = setTimeout(
      () =>
        setImmediate(() => {
          if (this.#isPinging) this.destroy(new Error("the connection is dead"));
        }),
      PING_TIMEOUT_MS,
    ).unref();
    this.#http2.ping(() => {
      clearTimeout(timer);
      this.#isPinging = false;
    });
  }
}

function openSocket(target: Target): Socket {
  const { endpoint, tls } = target;
  const socket = tls
    ? connectTls({ ...tls, ...endpoint, ALPNProtocols: ["h2"] })
    : connectSocket(endpoint);
  return socket.setNoDelay(true);
}
