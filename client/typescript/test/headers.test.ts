import { connect } from "@pannier/client";
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { GetResponseSchema, ListByPrefixResponseSchema } from "#dist/gen/pannier/v1/storage_pb.js";
import { found, page } from "./calls.js";
import { FakeSidecar, type Call } from "./fake_sidecar.js";

function answers(call: Call): void {
  if (call.headers[":path"]?.endsWith("/ListByPrefix")) {
    call.answer(ListByPrefixResponseSchema, page([]));
  } else {
    call.answer(GetResponseSchema, found("1"));
  }
}

describe("the headers of a call", () => {
  it("are gRPC's, with the token and the metadata", async () => {
    await using fake = await FakeSidecar.start(answers);
    const metadata = { tenant: "blue", "trace-bin": new Uint8Array([0, 255]) };
    await using store = connect(fake.address, { token: "open-sesame", metadata });
    await store.get("o:n");
    const { headers } = fake.calls[0] ?? assert.fail();
    const { "grpc-timeout": timeout, ...others } = Object.fromEntries(Object.entries(headers));
    assert.deepEqual(others, {
      ":method": "POST",
      ":scheme": "http",
      ":authority": "localhost",
      ":path": "/pannier.v1.StorageBackend/Get",
      te: "trailers",
      "content-type": "application/grpc+proto",
      "user-agent": "pannier-typescript",
      authorization: "Bearer open-sesame",
      tenant: "blue",
      "trace-bin": "AP8=",
    });
    assert.match(String(timeout), /^(10000|99\d\d)m$/);
  });

  it("say how much time is left, in seconds where it is much", async () => {
    await using fake = await FakeSidecar.start(answers);
    await using store = connect(fake.address);
    await store.get("o:n", { timeoutMs: 0.5 }).catch(() => undefined);
    await store.get("o:n", { timeoutMs: 2_000_000_000 });
    assert.equal(fake.calls.at(-1)?.headers["grpc-timeout"], "2000000S");
  });

  it("have no time limit for a list that has none", async () => {
    await using fake = await FakeSidecar.start(answers);
    await using store = connect(fake.address);
    await store.list("o:").next();
    assert.equal(fake.calls[0]?.headers["grpc-timeout"], undefined);
  });
});
