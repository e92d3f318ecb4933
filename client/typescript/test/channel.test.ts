import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { constants } from "node:http2";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, it, mock } from "node:test";

import { GetResponseSchema } from "#dist/gen/pannier/v1/storage_pb.js";
import { RpcError } from "#dist/grpc/error.js";
import { now } from "#dist/grpc/limits.js";
import { found, get, inMs, openChannel, PLENTY } from "./calls.js";
import { FakeSidecar, type Call } from "./fake_sidecar.js";

const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_REFUSED_STREAM } = constants;

function answers(call: Call): void {
  call.answer(GetResponseSchema, found("data"));
}

/** Makes a call that must fail, to what answers as `answer` says; returns its error. */
async function failure(answer: (call: Call) => void): Promise<RpcError> {
  await using fake = await FakeSidecar.start(answer);
  const channel = openChannel(fake.address);
  try {
    const outcome = await get(channel).catch((error: unknown) => error);
    assert.ok(outcome instanceof RpcError);
    return outcome;
  } finally {
    await channel.close();
  }
}

describe("an answer", () => {
  it("is the message where the status is OK", async () => {
    await using fake = await FakeSidecar.start(answers);
    const channel = openChannel(fake.address);
    assert.deepEqual(await get(channel), found("data"));
    await channel.close();
  });

  it("has the status and its text, percent-decoded, where there is nothing else", async () => {
    const error = await failure((call) => {
      call.fail(5, { "grpc-message": "100 %25 nichts f%C3%BCr dich" });
    });
    assert.deepEqual([error.code, error.message], ["NOT_FOUND", "100 % nichts für dich"]);
    assert.equal(error.neverSent, false);
  });

  it("has a text that is not well encoded as it came", async () => {
    const error = await failure((call) => {
      call.fail(13, { "grpc-message": "%zz" });
    });
    assert.equal(error.message, "%zz");
  });

  it("with a status that is no number is UNKNOWN", async () => {
    const error = await failure((call) => {
      call.fail(NaN);
    });
    assert.equal(error.code, "UNKNOWN");
  });

  it("without a message although it is OK is an error", async () => {
    const error = await failure((call) => {
      call.fail(0);
    });
    assert.deepEqual([error.code, error.message], ["INTERNAL", "the answer has no message"]);
  });

  it("with two messages is an error", async () => {
    const error = await failure((call) => {
      call.answer(GetResponseSchema, found("1"), found("2"));
    });
    assert.equal(error.message, "the answer has more than one message");
  });

  it("that ends amid a message is an error", async () => {
    const error = await failure((call) => {
      call.begin({ "grpc-status": "0" });
      call.stream.end(Buffer.from([0, 0, 0, 0, 9, 1]));
    });
    assert.equal(error.message, "the answer ended amid a message");
  });

  it("that is no protobuf is an error", async () => {
    const error = await failure((call) => {
      call.begin({ "grpc-status": "0" });
      call.stream.end(Buffer.from([0, 0, 0, 0, 1, 255]));
    });
    assert.deepEqual([error.code, error.message], ["INTERNAL", "the answer is no valid message"]);
  });

  for (const [status, code] of [
    [404, "UNIMPLEMENTED"],
    [503, "UNAVAILABLE"],
    [302, "UNKNOWN"],
  ] as const) {
    it(`that is no gRPC, with HTTP status ${String(status)}, is ${code}`, async () => {
      const error = await failure((call) => {
        call.onlyHeaders({ ":status": status });
      });
      assert.equal(error.code, code);
    });
  }
});

describe("a stream that is reset", () => {
  it("as refused was never looked at", async () => {
    const error = await failure((call) => {
      call.stream.close(NGHTTP2_REFUSED_STREAM);
    });
    assert.deepEqual([error.code, error.neverSent], ["UNAVAILABLE", true]);
  });

  it("otherwise may have been carried out", async () => {
    const error = await failure((call) => {
      call.stream.close(NGHTTP2_CANCEL);
    });
    assert.deepEqual([error.code, error.neverSent], ["UNAVAILABLE", false]);
  });

  it("by a server that has enough of us is no lost connection", async () => {
    const error = await failure((call) => {
      call.stream.close(NGHTTP2_ENHANCE_YOUR_CALM);
    });
    assert.equal(error.code, "RESOURCE_EXHAUSTED");
  });
});

describe("a connection", () => {
  it("is shared by calls at the same time", async () => {
    await using fake = await FakeSidecar.start(answers);
    const channel = openChannel(fake.address);
    await Promise.all(Array.from({ length: 20 }, () => get(channel)));
    assert.equal(fake.sessions.length, 1);
    await channel.close();
  });

  it("that was lost is made anew by the next call", async () => {
    await using fake = await FakeSidecar.start(answers);
    const channel = openChannel(fake.address);
    await get(channel);
    const [session] = fake.sessions;
    assert.ok(session);
    const closed = once(session, "close");
    fake.cut();
    await closed;
    // The client may see the loss only with this call; the next one knows.
    await get(channel).catch(() => undefined);
    await get(channel);
    await channel.close();
  });

  it("that is told to end finishes its calls, and takes no new ones", async () => {
    const waiting: Call[] = [];
    await using fake = await FakeSidecar.start((call) => {
      if (fake.sessions.length === 1) waiting.push(call);
      else answers(call);
    });
    const channel = openChannel(fake.address);
    const early = get(channel);
    while (waiting.length === 0) await new Promise(setImmediate);
    fake.sessions[0]?.close();
    while (fake.sessions.length === 1) await get(channel, inMs(50)).catch(() => undefined);
    assert.deepEqual(await get(channel), found("data"));
    waiting.forEach(answers);
    assert.deepEqual(await early, found("data"));
    await channel.close();
  });

  it("that is told to end before a call was looked at leaves no doubt about it", async () => {
    await usingServer(
      (socket) => {
        atTheFirstCall(socket, () => socket.write(GOAWAY_BEFORE_ALL));
      },
      async (address) => {
        const channel = openChannel(address);
        await assert.rejects(get(channel), { code: "UNAVAILABLE", neverSent: true });
        await channel.close();
      },
    );
  });

  it("that dies amid calls leaves them in doubt", async () => {
    const error = await failure((call) => {
      call.stream.session?.destroy();
    });
    assert.deepEqual([error.code, error.neverSent], ["UNAVAILABLE", false]);
  });

  it("over which nothing comes any more is given up", async () => {
    await using fake = await FakeSidecar.start(answers);
    const received = new EventEmitter();
    let connections = 0;
    await usingServer(
      (socket) => {
        connections += 1;
        if (connections > 1) passOn(socket, fake.address);
        else atTheFirstCall(socket, () => received.emit("call"));
      },
      async (address) => {
        const channel = openChannel(address);
        mock.timers.enable({ apis: ["setTimeout"] });
        try {
          const late = assert.rejects(get(channel, inMs(100)), { code: "DEADLINE_EXCEEDED" });
          await once(received, "call");
          mock.timers.tick(1_000);
          await late;
          mock.timers.tick(5_000);
        } finally {
          mock.timers.reset();
        }
        await new Promise(setImmediate);
        assert.deepEqual(await get(channel), found("data"));
        await channel.close();
      },
    );
    assert.equal(connections, 2);
  });

  it("over which something comes after a call's time was over is kept", async () => {
    await using fake = await FakeSidecar.start((call) => {
      if (fake.calls.length !== 2) answers(call);
    });
    const channel = openChannel(fake.address);
    await get(channel);
    await assert.rejects(get(channel, inMs(20)), { code: "DEADLINE_EXCEEDED" });
    await get(channel);
    assert.equal(fake.sessions.length, 1);
    await channel.close();
  });
});

describe("a call that cannot be sent", () => {
  it("because nobody is there says so at once", async () => {
    const channel = openChannel("unix:/nowhere/at/all.sock");
    const wanted = { code: "UNAVAILABLE", neverSent: true, message: /ENOENT/ };
    await assert.rejects(get(channel), wanted);
    await channel.close();
  });

  it("because all hosts of a name refuse names each", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    server.close();
    const channel = openChannel(`localhost:${String(port)}`);
    await assert.rejects(get(channel), { neverSent: true, message: /ECONNREFUSED/ });
    await channel.close();
  });

  it("because the other side hangs up says so", async () => {
    await usingServer(
      (socket) => socket.destroy(),
      async (address) => {
        const channel = openChannel(address);
        await assert.rejects(get(channel), { code: "UNAVAILABLE", neverSent: true });
        await channel.close();
      },
    );
  });

  it("because the other side speaks something else says so", async () => {
    await usingServer(
      (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"),
      async (address) => {
        const channel = openChannel(address);
        await assert.rejects(get(channel), { code: "UNAVAILABLE", neverSent: true });
        await channel.close();
      },
    );
  });

  it("because the other side says nothing ends with its time", async () => {
    await usingServer(
      () => undefined,
      async (address) => {
        const channel = openChannel(address);
        await assert.rejects(get(channel, inMs(50)), {
          code: "DEADLINE_EXCEEDED",
          neverSent: true,
        });
        await channel.close();
      },
    );
  });

  it("after others failed waits for the next attempt to connect, and then says why", async () => {
    const channel = openChannel("unix:/nowhere/at/all.sock");
    await assert.rejects(get(channel));
    const wanted = { code: "UNAVAILABLE", neverSent: true, message: /ENOENT/ };
    await assert.rejects(get(channel, inMs(20)), wanted);
    await channel.close();
  });

  it("because what answers hangs up at once is not tried on and on", async () => {
    let connections = 0;
    await usingServer(
      (socket) => {
        connections += 1;
        socket.write(SETTINGS);
        socket.end(GOAWAY_BEFORE_ALL);
      },
      async (address) => {
        const channel = openChannel(address);
        const end = now() + 250;
        while (now() < end) await get(channel, inMs(250)).catch(() => undefined);
        assert.ok(connections < 6, `${String(connections)} connections`);
        await channel.close();
      },
    );
  });

  it("because the channel is closed fails", async () => {
    const channel = openChannel("unix:/nowhere/at/all.sock");
    await channel.close();
    await assert.rejects(get(channel));
  });

  it("while the channel is being closed fails", async () => {
    await usingServer(
      () => undefined,
      async (address) => {
        const channel = openChannel(address);
        const failed = assert.rejects(get(channel), { neverSent: true });
        await new Promise(setImmediate);
        await channel.close();
        await failed;
      },
    );
  });
});

describe("calls above the number that the other side allows", () => {
  it("wait for their turn, in order", async () => {
    const waiting: Call[] = [];
    const settings = { maxConcurrentStreams: 2 };
    await using fake = await FakeSidecar.start((call) => waiting.push(call), { settings });
    const channel = openChannel(fake.address);
    const order: number[] = [];
    const all = Array.from({ length: 6 }, async (_, number) => {
      await get(channel);
      order.push(number);
    });
    for (let done = 0; done < 6; done++) {
      while (waiting.length < Math.min(2, 6 - done)) await new Promise(setImmediate);
      assert.ok(waiting.length <= 2);
      const next = waiting.shift();
      assert.ok(next);
      answers(next);
    }
    await Promise.all(all);
    assert.deepEqual(order, [0, 1, 2, 3, 4, 5]);
    await channel.close();
  });

  it("are never sent where their time is over first, and leave their place", async () => {
    const waiting: Call[] = [];
    const settings = { maxConcurrentStreams: 1 };
    await using fake = await FakeSidecar.start((call) => waiting.push(call), { settings });
    const channel = openChannel(fake.address);
    const first = get(channel);
    while (waiting.length === 0) await new Promise(setImmediate);
    await assert.rejects(get(channel, inMs(20)), { code: "DEADLINE_EXCEEDED", neverSent: true });
    const third = get(channel);
    waiting.forEach(answers);
    await first;
    while (waiting.length < 2) await new Promise(setImmediate);
    waiting.slice(1).forEach(answers);
    await third;
    assert.equal(fake.calls.length, 2);
    await channel.close();
  });

  it("go over a new connection where theirs takes no more", async () => {
    const settings = { maxConcurrentStreams: 1 };
    await using fake = await FakeSidecar.start(
      (call) => {
        if (fake.sessions.length > 1) answers(call);
      },
      { settings },
    );
    const channel = openChannel(fake.address);
    const stuck = get(channel, PLENTY).catch(() => undefined);
    while (fake.calls.length === 0) await new Promise(setImmediate);
    const waits = get(channel);
    fake.sessions[0]?.close();
    assert.deepEqual(await waits, found("data"));
    await channel.close();
    await stuck;
  });
});

/** Runs a test against something at a socket that is no sidecar. */
async function usingServer(
  serve: (socket: Socket) => void,
  test: (address: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "pannier-"));
  const path = join(folder, "s.sock");
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    serve(socket);
  });
  server.listen(path);
  await once(server, "listening");
  try {
    await test(`unix:${path}`);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
}

/** Greets, and then does nothing until a call has begun. */
function atTheFirstCall(socket: Socket, then: () => void): void {
  socket.write(SETTINGS);
  let received = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (hasHeaders(received.subarray(PREFACE_BYTES))) then();
  });
}

function hasHeaders(frames: Buffer): boolean {
  if (frames.length < 9) return false;
  return frames[3] === 1 || hasHeaders(frames.subarray(9 + frames.readUIntBE(0, 3)));
}

/** Passes all bytes on to what listens at another socket, and back. */
function passOn(socket: Socket, address: string): void {
  const other = connect(address.slice("unix:".length));
  other.on("error", () => undefined);
  socket.pipe(other).pipe(socket);
}

// RFC 9113, sections 3.4, 6.5 and 6.8.
const PREFACE_BYTES = 24;
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
const GOAWAY_BEFORE_ALL = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
