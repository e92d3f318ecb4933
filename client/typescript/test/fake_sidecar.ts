import { toBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { frame } from "#dist/grpc/framing.js";

/** One call, as the other side sees it. */
export class Call {
  readonly headers: IncomingHttpHeaders;
  readonly stream: ServerHttp2Stream;
  /** Resolves with the code of the stream's reset once it is over. */
  readonly over: Promise<number>;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.stream = stream;
    this.headers = headers;
    stream.on("error", () => undefined);
    this.over = new Promise((resolve) => {
      stream.on("close", () => {
        resolve(stream.rstCode);
      });
    });
  }

  /** Answers with messages and the status OK. */
  answer<T extends DescMessage>(schema: T, ...messages: MessageShape<T>[]): void {
    this.begin({ "grpc-status": "0" });
    for (const message of messages) this.stream.write(frame(toBinary(schema, message)));
    this.stream.end();
  }

  /** Begins an answer that will have these trailers. */
  begin(trailers: OutgoingHttpHeaders): void {
    this.stream.respond(
      { ":status": 200, "content-type": "application/grpc" },
      { waitForTrailers: true },
    );
    this.stream.on("wantTrailers", () => {
      this.stream.sendTrailers(trailers);
    });
  }

  /** Answers with nothing but headers. */
  onlyHeaders(headers: OutgoingHttpHeaders): void {
    this.stream.respond({ ":status": 200, ...headers }, { endStream: true });
  }

  /** Answers with a status. */
  fail(status: number, headers: OutgoingHttpHeaders = {}): void {
    const type = "application/grpc";
    this.onlyHeaders({ "content-type": type, "grpc-status": String(status), ...headers });
  }
}

/** What a fake sidecar listens with. */
export interface FakeOptions extends ServerOptions {
  /** With TLS, on a port. */
  readonly tls?: SecureServerOptions;
  /** At a Unix socket that exists already in a folder, of a sidecar that has gone. */
  readonly path?: string;
}

/** Something that speaks HTTP/2 as a sidecar does, and answers as a test says. */
export class FakeSidecar implements AsyncDisposable {
  readonly address: string;
  readonly sessions: ServerHttp2Session[] = [];
  readonly calls: Call[] = [];
  readonly #server: Http2Server;
  readonly #folder: string;

  private constructor(server: Http2Server, address: string, folder: string) {
    this.#server = server;
    this.address = address;
    this.#folder = folder;
  }

  /** Listens, and gives each call to `answer`. */
  static async start(
    answer: (call: Call) => void,
    options: FakeOptions = {},
  ): Promise<FakeSidecar> {
    const folder = mkdtempSync(join(tmpdir(), "pannier-"));
    const path = options.path ?? join(folder, "fake.sock");
    const server: Http2Server = options.tls
      ? createSecureServer({ ...options, ...options.tls })
      : createServer(options);
    server.listen(options.tls ? { host: "127.0.0.1", port: 0 } : { path });
    await once(server, "listening");
    const port = options.tls ? (server.address() as AddressInfo).port : 0;
    const address = options.tls ? `localhost:${String(port)}` : `unix:${path}`;
    const fake = new FakeSidecar(server, address, folder);
    server.on("session", (session) => {
      fake.sessions.push(session);
      session.on("error", () => undefined);
    });
    server.on("stream", (stream, headers) => {
      const call = new Call(stream, headers);
      fake.calls.push(call);
      answer(call);
    });
    return fake;
  }

  /** Cuts all connections. */
  cut(): void {
    for (const session of this.sessions) session.destroy();
  }

  /** Stops listening and cuts all connections. */
  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.cut();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.stop();
    rmSync(this.#folder, { recursive: true });
  }
}
