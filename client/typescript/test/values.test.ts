/** What callers get: records and errors. */

import * as client from "@pannier/client";
import {
  DataTooLargeError,
  OutcomeUnknownError,
  PannierError,
  StoredRecord,
} from "@pannier/client";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";

import { GetResponseSchema } from "#dist/gen/pannier/v1/storage_pb.js";
import { found } from "./calls.js";
import { FakeSidecar } from "./fake_sidecar.js";

function withData(data: Uint8Array): StoredRecord {
  return new StoredRecord({ key: "o:n", data, version: 3n, etag: "e", expireTime: undefined });
}

const RECORD = withData(new TextEncoder().encode('\ufeff{"secret": 7}'));

describe("a record", () => {
  it("has its data as text and as JSON", () => {
    assert.equal(RECORD.text(), '\ufeff{"secret": 7}');
    assert.deepEqual(withData(Buffer.from('{"a": [1]}')).json(), { a: [1] });
  });

  it("that was read has data of its own, not a view of what came with it", async () => {
    await using fake = await FakeSidecar.start((call) => {
      call.answer(GetResponseSchema, found("data"));
    });
    await using store = client.connect(fake.address);
    const { data } = await store.get("o:n");
    assert.equal(data.constructor, Uint8Array);
    assert.equal(data.buffer.byteLength, 4);
  });

  it("has no text where it is no UTF-8", () => {
    assert.throws(() => withData(new Uint8Array([255])).text(), TypeError);
  });

  it("is printed without its data", () => {
    assert.match(
      inspect(RECORD),
      /^StoredRecord \{\s+key: 'o:n',\s+data: '<16 bytes>',\s+version: 3n/,
    );
  });
});

describe("an error", () => {
  const kinds = Object.entries(client).filter(([name]) => name.endsWith("Error"));

  it("of each kind is a PannierError with the name of its class", () => {
    assert.equal(kinds.length, 19);
    for (const [name, kind] of kinds) {
      const { prototype } = kind as typeof PannierError;
      assert.equal(prototype.name, name);
      assert.ok(prototype === PannierError.prototype || prototype instanceof PannierError);
    }
  });

  it("begins its stack with its name", () => {
    assert.match(new DataTooLargeError("too much").stack ?? "", /^DataTooLargeError: too much\n/);
  });

  it("has the code of its class unless it is told otherwise", () => {
    assert.equal(new DataTooLargeError("").code, "INVALID_ARGUMENT");
    assert.equal(new client.UnavailableError("", { code: "CANCELLED" }).code, "CANCELLED");
  });

  it("of an unknown outcome is printed without data", () => {
    const data = new TextEncoder().encode("SECRET");
    const printed = inspect(new OutcomeUnknownError("lost", { record: RECORD, data }));
    assert.doesNotMatch(printed, /SECRET|Uint8Array/);
  });
});
