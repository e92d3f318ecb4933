/** What callers give: keys, addresses, settings, times. */

import { connect, defaultSocketPath, key, prefix, type ConnectOptions } from "@pannier/client";
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";

import { parseAddress, resolveAddress } from "#dist/addresses.js";
import { resolveExpiry } from "#dist/expiry.js";
import { deleteRequest, putIfVersionRequest, putRequest } from "#dist/requests.js";
import { makeSettings } from "#dist/settings.js";

const NOWHERE = "unix:/nowhere/at/all.sock";
const VARIABLES = ["PANNIER_ADDRESS", "XDG_RUNTIME_DIR", "TMPDIR", "TEMP", "TMP"];
const NO_EXPIRY = resolveExpiry({});

describe("a key", () => {
  it("counts its parts in UTF-8 bytes", () => {
    assert.equal(key("é".repeat(1_021), "n".repeat(1_019)).length, 1_021 + 1 + 1_019);
    const message = "the owner has 2,044 UTF-8 bytes, the limit is 2,042";
    assert.throws(() => key("é".repeat(1_022), "n"), { name: "RangeError", message });
    assert.throws(() => key("o", "n".repeat(1_020)), /the name has 1,020 UTF-8 bytes/);
    assert.throws(() => prefix("o", "n".repeat(1_020)), /the nameStart has 1,020 UTF-8 bytes/);
  });

  it("is well-formed text, because encoding would make another key of it", async () => {
    assert.throws(() => key("o", "half \ud800"), /the name holds half of a surrogate pair/);
    await using store = connect(NOWHERE);
    await assert.rejects(store.get("o:\udc00"), /the key holds half of a surrogate pair/);
    assert.throws(() => store.list("o:\udc00"), /the prefix holds half of a surrogate pair/);
  });

  it("is a string", () => {
    assert.throws(() => key("o", 7 as unknown as string), {
      name: "TypeError",
      message: "the name must be a string, not number",
    });
  });
});

describe("an address", () => {
  it("is a Unix socket's path", () => {
    assert.deepEqual(parseAddress("unix:/a/b.sock"), {
      endpoint: { path: "/a/b.sock" },
      authority: "localhost",
    });
    assert.deepEqual(parseAddress("unix:///a/b.sock").endpoint, { path: "/a/b.sock" });
  });

  it("has a relative path taken from the working directory of now", () => {
    assert.deepEqual(parseAddress("unix:a/../b.sock").endpoint, { path: resolve("b.sock") });
  });

  it("is a host and a port", () => {
    assert.deepEqual(parseAddress("storage.example:50051"), {
      endpoint: { host: "storage.example", port: 50_051 },
      authority: "storage.example:50051",
    });
    assert.deepEqual(parseAddress("[::1]:1"), {
      endpoint: { host: "::1", port: 1 },
      authority: "[::1]:1",
    });
  });

  for (const wrong of [
    "unix:",
    "unix://two/slashes",
    `unix:/${"x".repeat(107)}`,
    "host",
    ":1",
    "host:",
    "host:0",
    "host:65536",
    "host:1x",
    "::1:50051",
    "[]:1",
    "http://host:1",
  ]) {
    it(`is not ${wrong.slice(0, 30)}`, () => {
      assert.throws(() => connect(wrong), TypeError);
    });
  }
});

describe("without an address", () => {
  const before = VARIABLES.map((name) => [name, process.env[name]] as const);
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pannier-"));
    for (const name of VARIABLES) Reflect.deleteProperty(process.env, name);
    process.env["TMPDIR"] = folder;
  });

  afterEach(() => {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    rmSync(folder, { recursive: true });
  });

  const own = (): string => join(folder, `pannier-${String(process.getuid?.())}`);

  it("the environment's counts", () => {
    process.env["PANNIER_ADDRESS"] = "localhost:7";
    assert.equal(connect().address, "localhost:7");
    assert.equal(connect("localhost:8").address, "localhost:8");
  });

  it("the default socket is in the runtime directory", () => {
    process.env["XDG_RUNTIME_DIR"] = "/run/user/7";
    assert.equal(defaultSocketPath(), "/run/user/7/pannier/pannier.sock");
    assert.equal(resolveAddress(undefined), "unix:/run/user/7/pannier/pannier.sock");
  });

  it("a relative runtime directory is ignored", () => {
    process.env["XDG_RUNTIME_DIR"] = "run";
    assert.equal(defaultSocketPath(), join(own(), "pannier.sock"));
  });

  it("a directory for temporary files that is absent is passed over", () => {
    process.env["TMPDIR"] = join(folder, "absent");
    process.env["TEMP"] = folder;
    assert.equal(defaultSocketPath(), join(own(), "pannier.sock"));
  });

  it("the default socket's directory is made for this user alone", () => {
    resolveAddress(undefined);
    resolveAddress(undefined);
    assert.equal(statSync(own()).mode & 0o777, 0o700);
  });

  it("a directory where others may write is refused, with the way out", () => {
    mkdirSync(own());
    chmodSync(own(), 0o777);
    assert.throws(() => connect(), /can be written by other users; set PANNIER_ADDRESS/);
  });

  it("a symbolic link in its place is refused", () => {
    symlinkSync(folder, own());
    assert.throws(() => connect(), /is not a directory of this user/);
  });
});

describe("settings", () => {
  for (const [what, options] of Object.entries<ConnectOptions>({
    "no attempts": { retries: { maxAttempts: 0 } },
    "attempts that are no number": { retries: { maxAttempts: NaN } },
    "a first pause above the longest": { retries: { initialBackoffMs: 2, maxBackoffMs: 1 } },
    "an endless pause": { retries: { maxBackoffMs: Infinity } },
    "an empty token": { token: "" },
    "a token with a line break": { token: "a\nb" },
    "a token twice": { token: "a", metadata: { authorization: "b" } },
    "metadata in capitals": { metadata: { "X-Tenant": "a" } },
    "metadata of gRPC's own": { metadata: { "grpc-timeout": "1S" } },
    "metadata of HTTP's own": { metadata: { te: "gzip" } },
    "metadata that is not ASCII": { metadata: { tenant: "é" } },
    "binary metadata that is text": { metadata: { "tenant-bin": "a" } },
    "metadata that is bytes": { metadata: { tenant: new Uint8Array() } },
  })) {
    it(`cannot have ${what}`, () => {
      assert.throws(() => connect(NOWHERE, options), /^(TypeError|RangeError)/);
    });
  }

  it("say what is wrong without the token", () => {
    assert.throws(() => connect(NOWHERE, { token: "secret\n" }), {
      message: "the token must be printable ASCII, and not empty",
    });
  });

  it("hold a host's certificate against its name, and an IP address's against that", () => {
    const named = makeSettings("storage.example:1", { tls: true }).target.tls;
    assert.equal(named?.servername, "storage.example");
    assert.ok(!("servername" in (makeSettings("127.0.0.1:1", { tls: true }).target.tls ?? {})));
    const { target } = makeSettings("127.0.0.1:1", { tls: { serverName: "other.example" } });
    assert.deepEqual([target.tls?.servername, target.authority], Array(2).fill("other.example"));
  });
});

describe("an expiry", () => {
  it("is one of three", () => {
    const expireTime = new Date("2040-01-02T03:04:05Z");
    const wrong = { name: "TypeError", message: /only one of ttlSeconds, expireTime/ };
    assert.throws(() => resolveExpiry({ ttlSeconds: 1, expireTime }), wrong);
    assert.throws(() => resolveExpiry({ expireTime, neverExpires: true }), wrong);
    assert.equal(resolveExpiry({ expireTime, neverExpires: false }).case, "expireTime");
  });

  it("keeps milliseconds, also before 1970", () => {
    for (const [time, seconds, nanos] of [
      ["2040-01-02T03:04:05.678Z", 2_209_086_245n, 678_000_000],
      ["1969-12-31T23:59:59.250Z", -1n, 250_000_000],
    ] as const) {
      const { value } = resolveExpiry({ expireTime: new Date(time) });
      assert.ok(typeof value === "object");
      assert.deepEqual([value.seconds, value.nanos], [seconds, nanos]);
    }
  });

  it("by a time to live is above 0 and ends before the year 10000", () => {
    assert.throws(() => resolveExpiry({ ttlSeconds: 0 }), /use neverExpires: true/);
    assert.throws(() => resolveExpiry({ ttlSeconds: NaN }), RangeError);
    assert.throws(() => resolveExpiry({ ttlSeconds: 1e12 }), /beyond the year 9999/);
    assert.throws(() => resolveExpiry({ ttlSeconds: Infinity }), RangeError);
  });

  it("at a time needs a valid Date", () => {
    assert.throws(() => resolveExpiry({ expireTime: new Date("nonsense") }), TypeError);
    assert.throws(() => resolveExpiry({ expireTime: 7 as unknown as Date }), TypeError);
  });
});

describe("data", () => {
  it("is text or bytes", () => {
    const { data } = putRequest("o:n", "é", NO_EXPIRY, {});
    assert.deepEqual(data, new Uint8Array([195, 169]));
    assert.throws(() => putRequest("o:n", 7 as unknown as string, NO_EXPIRY, {}), {
      name: "TypeError",
      message: "data must be a string or a Uint8Array, not number",
    });
  });

  it("that is text is well-formed, because encoding would change it", () => {
    assert.throws(() => putRequest("o:n", "\ud800", NO_EXPIRY, {}), /half of a surrogate pair/);
  });
});

describe("an expected version", () => {
  const request = (expectedVersion: unknown): unknown =>
    putIfVersionRequest("o:n", "", NO_EXPIRY, { expectedVersion: expectedVersion as bigint });

  it("is a bigint, so that none is rounded", () => {
    assert.throws(() => request(3), /must be a bigint, as in 3n, not a number/);
    assert.throws(() => request(undefined), TypeError);
  });

  it("is no negative number", () => {
    assert.throws(() => request(-1n), RangeError);
    assert.throws(() => request(2n ** 64n), RangeError);
    assert.throws(() => deleteRequest("o:n", { expectedVersion: -1n }), RangeError);
  });
});
