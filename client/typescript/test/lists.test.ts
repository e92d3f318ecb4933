import { connect } from "@pannier/client";
import assert from "node:assert/strict";
import { constants } from "node:http2";
import { describe, it } from "node:test";

import { ListByPrefixResponseSchema } from "#dist/gen/pannier/v1/storage_pb.js";
import { frame } from "#dist/grpc/framing.js";
import { toBinary } from "@bufbuild/protobuf";
import { page } from "./calls.js";
import { FakeSidecar, type Call } from "./fake_sidecar.js";

const { NGHTTP2_CANCEL } = constants;
const LARGE = "x".repeat(100_000);

/** Sends pages without end, and counts them as they leave. */
function endless(call: Call, sent: { pages: number }): void {
  call.begin({ "grpc-status": "0" });
  const bytes = frame(
    toBinary(ListByPrefixResponseSchema, page([LARGE], { nextPageToken: "more" })),
  );
  const more = (): void => {
    if (call.stream.destroyed) return;
    do sent.pages += 1;
    while (call.stream.write(bytes));
  };
  call.stream.on("drain", more);
  more();
}

describe("a list", () => {
  it("that is left early ends its stream", async () => {
    const sent = { pages: 0 };
    await using fake = await FakeSidecar.start((call) => {
      endless(call, sent);
    });
    await using store = connect(fake.address);
    for await (const record of store.list("o:")) {
      assert.equal(record.text().length, LARGE.length);
      break;
    }
    assert.equal(await fake.calls[0]?.over, NGHTTP2_CANCEL);
  });

  for (const [what, answer] of Object.entries({
    "that is left early": (call: Call): void => {
      endless(call, { pages: 0 });
    },
    "that is left early although all of it has come": (call: Call): void => {
      const more = { nextPageToken: "more" };
      call.answer(ListByPrefixResponseSchema, page(["a"], more), page(["b"], more), page(["c"]));
    },
  })) {
    it(`${what} makes room for other calls`, async () => {
      const settings = { maxConcurrentStreams: 1 };
      await using fake = await FakeSidecar.start(answer, { settings });
      await using store = connect(fake.address);
      for (let list = 0; list < 3; list++) {
        const records = store.list("o:");
        await records.next();
        for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
        await records.return();
      }
      assert.equal(fake.calls.length, 3);
    });
  }

  it("that nobody reads is not sent on and on", async () => {
    const sent = { pages: 0 };
    await using fake = await FakeSidecar.start((call) => {
      endless(call, sent);
    });
    await using store = connect(fake.address);
    const records = store.list("o:");
    await records.next();
    for (let before = -1; before !== sent.pages;) {
      before = sent.pages;
      for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
      assert.ok(sent.pages < 40, `${String(sent.pages)} pages of 100 kB were sent`);
    }
    await records.return();
  });

  it("that nobody reads does not hold other calls up", async () => {
    await using fake = await FakeSidecar.start((call) => {
      if (fake.calls.length === 1) endless(call, { pages: 0 });
      else call.answer(ListByPrefixResponseSchema, page(["a", "b"]));
    });
    await using store = connect(fake.address);
    const records = store.list("o:");
    await records.next();
    const names = [];
    for await (const record of store.list("o:")) names.push(record.text());
    assert.deepEqual(names, ["a", "b"]);
    await records.return();
  });

  it("gives records with data of their own, not views of a page", async () => {
    await using fake = await FakeSidecar.start((call) => {
      call.answer(ListByPrefixResponseSchema, page(["a", LARGE]));
    });
    await using store = connect(fake.address);
    const { value: first } = await store.list("o:").next();
    assert.ok(first);
    assert.equal(first.data.constructor, Uint8Array);
    assert.equal(first.data.buffer.byteLength, 1);
  });

  it("goes on behind the last page it got, with the rest of its limit", async () => {
    const asked: string[] = [];
    await using fake = await FakeSidecar.start((call) => {
      call.stream.once("data", (chunk: Buffer) => asked.push(chunk.toString("latin1")));
      if (fake.calls.length > 1) {
        call.answer(ListByPrefixResponseSchema, page(["c"]));
        return;
      }
      call.begin({ "grpc-status": "14" });
      const bytes = toBinary(ListByPrefixResponseSchema, page(["a", "b"], { nextPageToken: "T" }));
      call.stream.end(frame(bytes));
    });
    await using store = connect(fake.address);
    const names = [];
    for await (const record of store.list("o:", { limit: 3 })) names.push(record.text());
    assert.deepEqual(names, ["a", "b", "c"]);
    assert.match(asked[1] ?? "", /\x1a\x01T\x20\x01/); // page_token "T", limit 1
  });

  it("whose stream ends well before the last page goes on as well", async () => {
    await using fake = await FakeSidecar.start((call) => {
      const isFirst = fake.calls.length === 1;
      const more = isFirst ? { nextPageToken: "T" } : {};
      call.answer(ListByPrefixResponseSchema, page([isFirst ? "a" : "b"], more));
    });
    await using store = connect(fake.address);
    const names = [];
    for await (const record of store.list("o:")) names.push(record.text());
    assert.deepEqual(names, ["a", "b"]);
  });

  it("refuses wrong arguments at once", async () => {
    await using store = connect("unix:/nowhere/at/all.sock");
    assert.throws(() => store.list("o:", { pageSize: -1 }), RangeError);
    assert.throws(() => store.list("o:", { limit: 1.5 }), RangeError);
    assert.throws(() => store.list("o:", { limit: 2 ** 32 }), RangeError);
    assert.throws(() => store.list("o:", { timeoutMs: 0 }), RangeError);
    assert.throws(() => store.list("o:", { order: "random" as "ascending" }), {
      name: "TypeError",
      message: 'order must be "ascending" or "descending", not "random"',
    });
  });
});
