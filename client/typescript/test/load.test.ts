/** Many callers at once, while what they rest on comes and goes. */

import { connect, PannierError, StoreClosedError, type Store } from "@pannier/client";
import { create, fromBinary } from "@bufbuild/protobuf";
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";

import {
  GetResponseSchema,
  ListByPrefixResponseSchema,
  PutRequestSchema,
  PutResponseSchema,
} from "#dist/gen/pannier/v1/storage_pb.js";
import { found, page } from "./calls.js";
import { FakeSidecar, type Call } from "./fake_sidecar.js";

const CALLERS = 64;
const WRITTEN = create(PutResponseSchema, { version: 1n, etag: "e" });

/** Does something for each of many callers at once, and returns what became of it. */
async function all<T>(count: number, one: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => one(index)));
}

/** Lets the event loop go round so many times. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

/** Returns the write that a call asks for, once it has come whole. */
async function writeOf(call: Call): Promise<string> {
  const chunks: Buffer[] = [];
  call.stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => call.stream.once("end", resolve));
  return fromBinary(PutRequestSchema, Buffer.concat(chunks).subarray(5)).requestId;
}

/** Waits until no call is open on the other side. */
async function allOver(fake: FakeSidecar): Promise<void> {
  await Promise.all(fake.calls.map(async (call) => call.over));
}

describe("many callers", () => {
  it("hear the truth when their sidecar goes and comes back", async () => {
    let isOver = false;
    const [received, applied] = [new Set<string>(), new Set<string>()];
    const answer = async (call: Call): Promise<void> => {
      const id = await writeOf(call);
      received.add(id);
      await turns(received.size % 3);
      if ((received.size % 10 === 0 && !isOver) || call.stream.destroyed) return;
      applied.add(id);
      call.answer(PutResponseSchema, WRITTEN);
    };
    const outcomes = { applied: 0, not_applied: 0, unknown: 0 };
    const write = async (store: Store): Promise<void> => {
      const requestId = randomUUID();
      try {
        await store.put("o:n", "", { requestId, timeoutMs: 500 });
        outcomes.applied += 1;
        assert.ok(applied.has(requestId));
      } catch (error) {
        assert.ok(error instanceof PannierError && error.writeOutcome, String(error));
        outcomes[error.writeOutcome] += 1;
        if (error.writeOutcome === "not_applied") assert.ok(!received.has(requestId));
      }
    };
    const serve = (call: Call): void => {
      // What was cut off is no request.
      answer(call).catch(() => undefined);
    };
    const fakes = [await FakeSidecar.start(serve)];
    const [{ address }] = fakes as [FakeSidecar];
    await using once = connect(address, { retries: false });
    await using often = connect(address);
    try {
      const callers = all(CALLERS, async (index) => {
        while (!isOver) await write(index % 2 === 0 ? once : often);
      });
      for (let restart = 0; restart < 6; restart++) {
        const enough = outcomes.applied + 5 * restart;
        while (outcomes.applied < enough) await turns(1);
        await fakes.at(-1)?.stop();
        await turns(restart);
        fakes.push(await FakeSidecar.start(serve, { path: address.slice("unix:".length) }));
      }
      isOver = true;
      await callers;
      await all(CALLERS, async () => often.put("o:n", ""));
    } finally {
      isOver = true;
      for (const fake of fakes.reverse()) await fake[Symbol.asyncDispose]();
    }
    await write(once);
    assert.ok(Math.min(...Object.values(outcomes)) > 0, JSON.stringify(outcomes));
  });

  it("all hear of it when their store is closed, and none is left behind", async () => {
    await using fake = await FakeSidecar.start(
      (call) => {
        if (fake.calls.length % 3 > 0) call.answer(GetResponseSchema, found("1"));
      },
      { settings: { maxConcurrentStreams: CALLERS / 2 } },
    );
    for (let round = 0; round < 5; round++) {
      const store = connect(fake.address);
      const failures = all(CALLERS, async () => {
        await assert.rejects(async () => {
          for (;;) await store.get("o:n");
        }, StoreClosedError);
      });
      await turns(round);
      await store.close();
      await failures;
      await allOver(fake);
    }
  });

  it("may abort at any moment, and leave nothing", async () => {
    await using fake = await FakeSidecar.start(
      (call) => {
        void turns(fake.calls.length % 5).then(() => {
          if (!call.stream.destroyed) call.answer(GetResponseSchema, found("1"));
        });
      },
      { settings: { maxConcurrentStreams: CALLERS / 4 } },
    );
    const reason = new Error("the user left");
    for (let round = 0; round < 5; round++) {
      await using store = connect(fake.address);
      const ends = await all(CALLERS, async (index) => {
        const controller = new AbortController();
        const { signal } = controller;
        const got = store.get("o:n", { signal }).then(
          () => "got" as const,
          (error: unknown) => error,
        );
        await turns((round + index) % 16);
        for (let step = 0; step < index % 8; step++) await Promise.resolve();
        controller.abort(reason);
        const end = await got;
        assert.deepEqual(getEventListeners(signal, "abort"), []);
        return end;
      });
      assert.ok(ends.every((end) => end === "got" || end === reason));
      await all(CALLERS, async () => store.get("o:n"));
    }
    await allOver(fake);
  });
});

describe("a thousand lists", () => {
  const LARGE = page(["x".repeat(100_000)], { nextPageToken: "more" });
  const SMALL = page(["a", "b"], { nextPageToken: "more" });
  const EMPTY = page([], { nextPageToken: "more" });
  const LAST = page(["c"]);

  /** Answers with pages that come at once, with some that are cut short, or with a long list. */
  function answer(call: Call, number: number): void {
    let pages = [SMALL, SMALL, LAST];
    if (number % 2 === 0) pages = [EMPTY, SMALL, LARGE];
    if (number % 10 === 0) pages = [...Array<typeof LARGE>(11).fill(LARGE), LAST];
    call.answer(ListByPrefixResponseSchema, ...pages);
  }

  async function leaveEarly(store: Store, moment: number): Promise<void> {
    const records = store.list("o:");
    await records.next();
    if (moment % 2 === 0) await turns(moment);
    if (moment % 3 === 0) await records.next();
    await records.return();
  }

  it("that are left early at any moment leave room for all that comes", async () => {
    await using fake = await FakeSidecar.start(
      (call) => {
        answer(call, fake.calls.length);
      },
      { settings: { maxConcurrentStreams: 64 }, maxSessionMemory: 1_000 },
    );
    await using store = connect(fake.address);
    await all(8, async (caller) => {
      for (let list = 0; list < 125; list++) await leaveEarly(store, (caller + list) % 12);
    });
    await allOver(fake);
    assert.equal(fake.sessions.length, 1);
  });
});
