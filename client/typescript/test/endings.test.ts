/** How calls end early: by their caller, their time, or their store. */

import {
  connect,
  DeadlineExceededError,
  StoreClosedError,
  UnavailableError,
} from "@pannier/client";
import assert from "node:assert/strict";
import { getEventListeners, once } from "node:events";
import { constants } from "node:http2";
import { describe, it, mock } from "node:test";

import { GetResponseSchema, ListByPrefixResponseSchema } from "#dist/gen/pannier/v1/storage_pb.js";
import { found, page } from "./calls.js";
import { FakeSidecar, type Call } from "./fake_sidecar.js";

const NOWHERE = "unix:/nowhere/at/all.sock";
const REASON = new Error("the user left");

/** Answers nothing. */
function silent(): void {
  // Whoever asks waits.
}

async function untilCalled(fake: FakeSidecar): Promise<Call> {
  for (;;) {
    const [call] = fake.calls;
    if (call) return call;
    await new Promise(setImmediate);
  }
}

describe("a caller who aborts", () => {
  it("before the call gets the reason, and nothing is sent", async () => {
    await using fake = await FakeSidecar.start(silent);
    await using store = connect(fake.address);
    const signal = AbortSignal.abort(REASON);
    await assert.rejects(store.get("o:n", { signal }), REASON);
    await assert.rejects(store.list("o:", { signal }).next(), REASON);
    assert.equal(fake.sessions.length, 0);
  });

  it("while the sidecar works gets the reason, and the sidecar hears of it", async () => {
    await using fake = await FakeSidecar.start(silent);
    await using store = connect(fake.address);
    const controller = new AbortController();
    const failed = assert.rejects(store.put("o:n", "", { signal: controller.signal }), REASON);
    const call = await untilCalled(fake);
    controller.abort(REASON);
    await failed;
    assert.equal(await call.over, constants.NGHTTP2_CANCEL);
  });

  it("amid a list gets the reason, even where a page has come", async () => {
    await using fake = await FakeSidecar.start((call) => {
      call.answer(ListByPrefixResponseSchema, page(["a"], { nextPageToken: "T" }), page(["b"]));
    });
    await using store = connect(fake.address);
    const controller = new AbortController();
    const records = store.list("o:", { signal: controller.signal });
    await records.next();
    controller.abort(REASON);
    await assert.rejects(records.next(), REASON);
  });

  it("while a list waits gets the reason", async () => {
    await using fake = await FakeSidecar.start(silent);
    await using store = connect(fake.address);
    const controller = new AbortController();
    const failed = assert.rejects(store.list("o:", { signal: controller.signal }).next(), REASON);
    const call = await untilCalled(fake);
    controller.abort(REASON);
    await failed;
    assert.equal(await call.over, constants.NGHTTP2_CANCEL);
  });

  it("between attempts gets the reason", async () => {
    await using store = connect(NOWHERE, { retries: { initialBackoffMs: 1e6, maxBackoffMs: 1e6 } });
    const controller = new AbortController();
    const options = { signal: controller.signal, timeoutMs: 1e8 };
    const failed = assert.rejects(store.get("o:n", options), REASON);
    await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort(REASON);
    await failed;
  });

  it("while a change of an update takes its time gets the reason", async () => {
    await using fake = await FakeSidecar.start((call) => {
      call.answer(GetResponseSchema, found("1"));
    });
    await using store = connect(fake.address);
    const controller = new AbortController();
    const change = async (): Promise<never> => {
      controller.abort(REASON);
      return new Promise<never>(silent);
    };
    await assert.rejects(store.update("o:n", change, { signal: controller.signal }), REASON);
  });

  it("may use one signal for many calls, and nothing is left on it", async () => {
    const warnings: unknown[] = [];
    const note = (warning: unknown): unknown => warnings.push(warning);
    process.on("warning", note);
    await using fake = await FakeSidecar.start((call) => {
      call.answer(GetResponseSchema, found("1"));
    });
    await using store = connect(fake.address);
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 50 }, () => store.get("o:n", { signal })));
    await new Promise(setImmediate);
    process.off("warning", note);
    assert.deepEqual(warnings, []);
    assert.deepEqual(getEventListeners(signal, "abort"), []);
  });
});

describe("a call whose time is over", () => {
  it("while a change takes its time fails, and nothing was written", async () => {
    await using fake = await FakeSidecar.start((call) => {
      call.answer(GetResponseSchema, found("1"));
    });
    await using store = connect(fake.address);
    await store.get("o:n");
    mock.timers.enable({ apis: ["setTimeout"] });
    const change = async (): Promise<never> => {
      setImmediate(() => {
        mock.timers.tick(10_000);
      });
      return new Promise<never>(silent);
    };
    const failure = await failureOf(store.update("o:n", change));
    mock.timers.reset();
    assert.ok(failure instanceof DeadlineExceededError);
    assert.equal(failure.writeOutcome, "not_applied");
    assert.equal(fake.calls.length, 2);
  });

  it("tells why the sidecar is not reached, where that is known", async () => {
    await using store = connect(NOWHERE, { timeoutMs: 300 });
    const failure = await failureOf(store.put("o:n", ""));
    assert.ok(failure instanceof UnavailableError);
    assert.match(failure.message, /no answer from the sidecar at unix:.*is it running.*ENOENT/);
    assert.equal(failure.writeOutcome, "not_applied");
  });

  it("cannot be longer than timers are", async () => {
    await using store = connect(NOWHERE);
    await assert.rejects(store.get("o:n", { timeoutMs: 2 ** 31 }), RangeError);
    await assert.rejects(store.get("o:n", { timeoutMs: NaN }), RangeError);
    assert.throws(() => connect(NOWHERE, { timeoutMs: Infinity }), RangeError);
  });
});

describe("a store that is closed", () => {
  it("may be closed again, and during a close", async () => {
    await using fake = await FakeSidecar.start((call) => {
      call.answer(GetResponseSchema, found("1"));
    });
    const store = connect(fake.address);
    await store.get("o:n");
    await Promise.all([store.close(), store.close()]);
    await store.close();
  });

  it("closes its connection", async () => {
    await using fake = await FakeSidecar.start((call) => {
      call.answer(GetResponseSchema, found("1"));
    });
    const store = connect(fake.address);
    await store.get("o:n");
    const [session] = fake.sessions;
    assert.ok(session);
    const closed = once(session, "close");
    await store.close();
    await closed;
  });

  it("ends a call between attempts", async () => {
    const store = connect(NOWHERE, { retries: { initialBackoffMs: 1e6, maxBackoffMs: 1e6 } });
    const failed = failureOf(store.put("o:n", "", { timeoutMs: 1e8 }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await store.close();
    const failure = await failed;
    assert.ok(failure instanceof StoreClosedError);
    assert.equal(failure.writeOutcome, "not_applied");
  });

  it("ends a write that waits for another attempt to connect, which was not sent", async () => {
    const store = connect(NOWHERE, { retries: false });
    assert.ok((await failureOf(store.put("o:n", ""))) instanceof UnavailableError);
    const failed = failureOf(store.put("o:n", ""));
    await new Promise(setImmediate);
    await store.close();
    const failure = await failed;
    assert.ok(failure instanceof StoreClosedError);
    assert.equal(failure.writeOutcome, "not_applied");
  });

  it("ends a write that waits for its turn, which was not sent", async () => {
    await using fake = await FakeSidecar.start(silent, { settings: { maxConcurrentStreams: 1 } });
    const store = connect(fake.address);
    const sent = failureOf(store.put("o:n", ""));
    const waits = failureOf(store.put("o:n", ""));
    await untilCalled(fake);
    await store.close();
    const failures = [await sent, await waits];
    assert.ok(failures.every((failure) => failure instanceof StoreClosedError));
    const outcomes = failures.map(({ writeOutcome }) => writeOutcome);
    assert.deepEqual(outcomes, ["unknown", "not_applied"]);
  });

  it("ends a write that was sent, in doubt", async () => {
    await using fake = await FakeSidecar.start(silent);
    const store = connect(fake.address);
    const failed = failureOf(store.put("o:n", ""));
    await untilCalled(fake);
    await store.close();
    const failure = await failed;
    assert.ok(failure instanceof StoreClosedError);
    assert.equal(failure.writeOutcome, "unknown");
  });

  it("ends an update amid its change", async () => {
    await using fake = await FakeSidecar.start((call) => {
      call.answer(GetResponseSchema, found("1"));
    });
    const store = connect(fake.address);
    const change = async (): Promise<never> => {
      void store.close();
      return new Promise<never>(silent);
    };
    await assert.rejects(store.update("o:n", change), StoreClosedError);
  });

  it("ends a list that waits, and one that is read between pages", async () => {
    await using fake = await FakeSidecar.start((call) => {
      if (fake.calls.length === 1) return;
      call.begin({ "grpc-status": "0" });
    });
    const store = connect(fake.address);
    const failed = assert.rejects(store.list("o:").next(), StoreClosedError);
    await untilCalled(fake);
    await store.close();
    await failed;
    await assert.rejects(store.list("o:").next(), StoreClosedError);
  });
});

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => assert.fail("it succeeded"),
    (error: unknown) => error,
  );
}
