import { connect, UnavailableError, type TlsOptions } from "@pannier/client";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { SecureServerOptions } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it, mock } from "node:test";

import { GetResponseSchema } from "#dist/gen/pannier/v1/storage_pb.js";
import { found } from "./calls.js";
import { FakeSidecar } from "./fake_sidecar.js";
import { ROOT } from "./sidecar.js";

const FOLDER = mkdtempSync(join(tmpdir(), "pannier-"));
const PYTHON = join(ROOT, ".venv", "bin", "python");
execFileSync(PYTHON, ["-m", "trustme", "--quiet", "--dir", FOLDER, "--identities", "localhost"]);

const [CA, CERTIFICATE, KEY] = ["client.pem", "server.pem", "server.key"].map((name) =>
  readFileSync(join(FOLDER, name), "utf8"),
) as [string, string, string];

after(() => {
  rmSync(FOLDER, { recursive: true });
});

/** Makes a call over TLS, and returns what the sidecar was called. */
async function authority(tls: TlsOptions, server: SecureServerOptions = {}): Promise<unknown> {
  await using fake = await FakeSidecar.start(
    (call) => {
      call.answer(GetResponseSchema, found("1"));
    },
    { tls: { key: KEY, cert: CERTIFICATE, ...server } },
  );
  await using store = connect(fake.address, { tls, retries: false });
  await store.get("o:n");
  return String(fake.calls[0]?.headers[":authority"]).replace(/\d+$/, "PORT");
}

describe("over TLS", () => {
  it("the sidecar is believed if who vouches for it is trusted", async () => {
    assert.equal(await authority({ rootCertificates: CA }), "localhost:PORT");
    assert.equal(await authority({ rootCertificates: Buffer.from(CA) }), "localhost:PORT");
  });

  it("any other is not, and the error says why", async () => {
    const failed = authority({});
    await assert.rejects(failed, UnavailableError);
    await assert.rejects(failed, { message: /certificate/, writeOutcome: undefined });
  });

  it("the name in the certificate has to be right", async () => {
    const tls = { rootCertificates: CA, serverName: "elsewhere.example" };
    await assert.rejects(authority(tls), { message: /elsewhere\.example/ });
    assert.equal(await authority({ ...tls, serverName: "localhost" }), "localhost");
  });

  it("the sidecar may want to know who we are", async () => {
    const server = { ca: CA, requestCert: true, rejectUnauthorized: true };
    // No time limit ends the attempt: what the sidecar says does.
    mock.timers.enable({ apis: ["setTimeout"] });
    const failed = authority({ rootCertificates: CA }, server);
    const message = /\(.*certificate required\)$/;
    await assert.rejects(failed, { name: "UnavailableError", message });
    mock.timers.reset();
    const tls = { rootCertificates: CA, certificate: CERTIFICATE, privateKey: KEY };
    assert.equal(await authority(tls, server), "localhost:PORT");
  });
});
