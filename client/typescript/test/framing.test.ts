import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { RpcError } from "#dist/grpc/error.js";
import { frame, MessageReader } from "#dist/grpc/framing.js";

const MESSAGES = ["", "a", "bcd", "x".repeat(300)].map((text) => new TextEncoder().encode(text));
const BYTES = Buffer.concat(MESSAGES.map(frame));

describe("a reader of messages", () => {
  it("gives them whole, wherever the chunks are cut", () => {
    for (let cut = 0; cut <= BYTES.length; cut++) {
      const reader = new MessageReader(1_000);
      const found = [BYTES.subarray(0, cut), BYTES.subarray(cut)].flatMap((c) => reader.push(c));
      assert.deepEqual(found, MESSAGES, `cut at ${String(cut)}`);
      assert.equal(reader.isAmidMessage, false);
    }
  });

  it("gives them whole, however small the chunks are", () => {
    const reader = new MessageReader(1_000);
    const found = [...BYTES].flatMap((byte) => reader.push(Buffer.from([byte])));
    assert.deepEqual(found, MESSAGES);
  });

  it("tells that a message has begun", () => {
    const reader = new MessageReader(1_000);
    reader.push(frame(Buffer.from("abc")).subarray(0, 7));
    assert.equal(reader.isAmidMessage, true);
  });

  it("refuses a large message before it has come", () => {
    const reader = new MessageReader(1_000);
    const start = frame(Buffer.alloc(1_001)).subarray(0, 5);
    assert.throws(() => reader.push(start), {
      code: "RESOURCE_EXHAUSTED",
      message: "the answer has 1,001 bytes; the limit is 1,000",
    });
  });

  it("refuses a compressed message", () => {
    const reader = new MessageReader(1_000);
    assert.throws(() => reader.push(Buffer.from([1, 0, 0, 0, 0])), RpcError);
  });
});
