import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Slots } from "#dist/grpc/slots.js";
import { PLENTY } from "./calls.js";

describe("the room on a connection", () => {
  it("is waited for by nobody who comes when the connection has ended", async () => {
    const slots = new Slots();
    slots.allow(1);
    slots.end();
    slots.allow(1);
    assert.equal(slots.tryTake(), false);
    assert.equal(await slots.take(PLENTY), false);
  });

  it("shrinks where the other side allows fewer calls", async () => {
    const slots = new Slots();
    slots.allow(2);
    assert.ok(slots.tryTake() && slots.tryTake());
    slots.allow(1);
    let taken = 0;
    const waits = slots.take(PLENTY).then((isOpen) => (taken += Number(isOpen)));
    slots.giveBack();
    await new Promise(setImmediate);
    assert.equal(taken, 0);
    slots.giveBack();
    await waits;
    assert.equal(taken, 1);
    assert.equal(slots.tryTake(), false);
  });

  it("grows for all who wait", async () => {
    const slots = new Slots();
    const waiting = [1, 2, 3].map(async () => slots.take(PLENTY));
    slots.allow(3);
    assert.deepEqual(await Promise.all(waiting), [true, true, true]);
    assert.equal(slots.tryTake(), false);
  });
});
