/** The code of the README and of the documentation comments compiles, and prints what it says. */

import * as client from "@pannier/client";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import ts from "typescript";

import { Sidecar } from "./sidecar.js";

const PACKAGE = fileURLToPath(new URL("../../", import.meta.url));
const EXAMPLES = join(PACKAGE, "build", "examples");

/** A piece of code in the documentation. */
interface Example {
  readonly name: string;
  readonly code: string;
}

const README = blocks("README", readFileSync(join(PACKAGE, "README.md"), "utf8"));
const COMMENTS = readdirSync(join(PACKAGE, "src")).flatMap((file) => {
  if (!file.endsWith(".ts")) return [];
  const source = readFileSync(join(PACKAGE, "src", file), "utf8");
  const comments = source.match(/\/\*\*[^]*?\*\//g) ?? [];
  const texts = comments.map((comment) => comment.replace(/^ *\* ?/gm, ""));
  return blocks(basename(file, ".ts"), texts.join("\n"));
});

let sidecar: Sidecar;

before(async () => {
  sidecar = await Sidecar.start();
  rmSync(EXAMPLES, { recursive: true, force: true });
  mkdirSync(EXAMPLES);
});

after(async () => {
  await sidecar[Symbol.asyncDispose]();
});

describe("the examples", () => {
  it("are all found", () => {
    assert.equal(README.length, 5);
    const methods = Object.getOwnPropertyNames(client.Store.prototype);
    for (const method of methods.filter((name) => !NEEDS_NO_EXAMPLE.has(name))) {
      assert.ok(
        COMMENTS.some(({ code }) => code.includes(`store.${method}(`)),
        method,
      );
    }
  });

  it("compile", () => {
    const files = [...README, ...COMMENTS].map(({ name, code }) => {
      const file = join(EXAMPLES, `${name}.ts`);
      writeFileSync(file, withImports(code));
      return file;
    });
    assert.deepEqual(problems(files), []);
  });

  for (const { name, code } of [...README, ...COMMENTS]) {
    it(`of ${name} print what they say`, async () => {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [join(EXAMPLES, `${name}.js`)],
        { env: { ...process.env, PANNIER_ADDRESS: sidecar.address } },
      );
      const wanted = [...code.matchAll(/\/\/ prints: (.*)$/gm)].map(([, line]) => line);
      assert.deepEqual(stdout.split("\n").slice(0, -1), wanted);
    });
  }
});

const NEEDS_NO_EXAMPLE = new Set(["constructor", "address", "close"]);

function blocks(place: string, text: string): Example[] {
  return [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code = ""], index) => ({
    name: `${place}-${String(index + 1)}`,
    code,
  }));
}

/** Adds what a piece of code takes for granted: what it imports, and an open store. */
function withImports(code: string): string {
  if (/^import /m.test(code)) return code;
  const needsStore = /\bstore\./.test(code) && !/\bstore =/.test(code);
  const opened = needsStore ? `await using store = connect();\n${code}` : code;
  const given = opened.replaceAll("connect(address)", 'connect(process.env["PANNIER_ADDRESS"])');
  const spoken = given.replaceAll(/\/\/.*$/gm, "");
  const names = Object.keys(client).filter((name) =>
    new RegExp(`(?<![.\\w])${name}\\b`).test(spoken),
  );
  return `import { ${names.join(", ")} } from "@pannier/client";\n${given}\nexport {};\n`;
}

/** Compiles files as strictly as the package's own, and returns what is wrong with them. */
function problems(files: readonly string[]): string[] {
  const { config } = ts.readConfigFile(join(PACKAGE, "tsconfig.json"), (file) =>
    ts.sys.readFile(file),
  ) as { config: { compilerOptions: unknown } };
  const strict = ts.convertCompilerOptionsFromJson(config.compilerOptions, PACKAGE).options;
  const options = { ...strict, rootDir: EXAMPLES, outDir: EXAMPLES, declaration: false };
  const program = ts.createProgram(files, options);
  const found = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics];
  return found.map(({ file, messageText }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, "\n");
    return `${basename(file?.fileName ?? "")}: ${text}`;
  });
}
