import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Session } from "#dist/grpc/session.js";
import { makeSettings } from "#dist/settings.js";
import { FakeSidecar, type Call } from "./fake_sidecar.js";

const HEADERS = { ":method": "POST", ":path": "/" };

describe("a connection", () => {
  it("that has no numbers for calls left ends with the last of them", async () => {
    const calls: Call[] = [];
    await using fake = await FakeSidecar.start((call) => calls.push(call));
    const session = new Session(makeSettings(fake.address, {}).target, 2);
    await session.ready;
    const takesCalls = (): boolean => session.isUsable && session.slots.tryTake();
    assert.ok(takesCalls());
    session.request(HEADERS).resume().end();
    assert.ok(takesCalls());
    session.request(HEADERS).resume().end();
    assert.ok(!takesCalls());
    while (calls.length < 2) await new Promise(setImmediate);
    for (const call of calls) call.fail(0);
    assert.deepEqual(await Promise.all(calls.map(async (call) => call.over)), [0, 0]);
    await session.gone;
  });
});
