import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const PACKAGE = fileURLToPath(new URL("../../", import.meta.url));

describe("the package", () => {
  it("has the compiled code with its types and sources, and nothing for tests", () => {
    const command = ["pack", "--dry-run", "--json", "--ignore-scripts", "--loglevel=error"];
    const output = execFileSync("npm", command, { cwd: PACKAGE, encoding: "utf8" });
    const [{ files }] = JSON.parse(output) as [{ files: { path: string }[] }];
    const paths = files.map(({ path }) => path);
    for (const wanted of ["dist/index.js", "dist/index.d.ts", "src/index.ts", "LICENSE"]) {
      assert.ok(paths.includes(wanted), wanted);
    }
    const other = paths.filter(
      (path) => !/^(dist|src)\/|^[A-Z]+(\.md)?$|^package\.json$/.test(path),
    );
    assert.deepEqual(other, []);
  });

  it("names no registry in its lock file", () => {
    const lock = readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8");
    assert.ok(!lock.includes('"resolved"'));
  });
});
