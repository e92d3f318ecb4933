import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { Sidecar } from "./sidecar.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));

let sidecar: Sidecar;

before(async () => {
  sidecar = await Sidecar.start();
});

after(async () => {
  await sidecar[Symbol.asyncDispose]();
});

/** Runs a module with a store until it ends by itself, and returns what it printed. */
async function run(code: string, address = sidecar.address): Promise<string> {
  const start = `import { connect } from "@pannier/client";\nconst store = connect();\n`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "--eval", start + code],
    { cwd: HERE, env: { ...process.env, PANNIER_ADDRESS: address } },
  );
  return stdout.trim();
}

describe("a process", () => {
  it("whose store is closed ends by itself", async () => {
    assert.equal(
      await run(`await store.put("o:a", "1"); await store.close(); console.log(1)`),
      "1",
    );
  });

  it("whose store was never used ends by itself", async () => {
    assert.equal(await run(`console.log(1)`), "1");
  });

  it("is not kept alive by a store that is idle", async () => {
    assert.equal(await run(`await store.put("o:a", "1"); console.log(1)`), "1");
  });

  it("is not kept alive by a connection whose callers have left before it was made", async () => {
    const code = `
      const controller = new AbortController();
      const left = store.get("o:a", { signal: controller.signal }).catch((error) => error.name);
      controller.abort();
      console.log(await left);`;
    assert.equal(await run(code), "AbortError");
  });

  it("is not kept alive by a list that nobody reads on", async () => {
    const code = `
      for (let n = 0; n < 3; n++) await store.put("list:" + n, "x");
      const records = store.list("list:", { pageSize: 1, timeoutMs: 1e9 });
      console.log((await records.next()).value.key);`;
    assert.equal(await run(code), "list:0");
  });

  it("is kept alive by a call, and by a list that is waited for", async () => {
    const code = `
      await store.put("o:b", "1");
      setImmediate(async () => console.log((await store.get("o:b")).text()));
      setImmediate(async () => { for await (const { key } of store.list("o:b")) console.log(key); });`;
    assert.deepEqual((await run(code)).split("\n").sort(), ["1", "o:b"]);
  });

  it("is not kept alive by a call that could not begin", async () => {
    const code = `
      const { makeSettings } = await import("#dist/settings.js");
      const { Channel } = await import("#dist/grpc/channel.js");
      const { StorageBackend } = await import("#dist/gen/pannier/v1/storage_pb.js");
      const channel = new Channel(makeSettings(store.address, {}).target, { upgrade: "no" });
      const limits = { deadline: Infinity, signal: undefined };
      const failed = channel.unary(StorageBackend.method.get, Buffer.alloc(5), limits);
      await failed.catch((error) => console.log(error.code));`;
    assert.equal(await run(code), "UNAVAILABLE");
  });

  it("is kept alive by a call that is tried again", async () => {
    const code = `
      const started = performance.now();
      await store.get("o:a", { timeoutMs: 300 }).catch((error) => console.log(error.name));`;
    assert.equal(await run(code, "unix:/nowhere/at/all.sock"), "UnavailableError");
  });
});
