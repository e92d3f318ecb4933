/** The conformance runner's command line; see the README of the scenarios. */

import { parseArgs } from "node:util";

import { Control } from "./control.js";
import { count } from "./count.js";
import { overhead } from "./overhead.js";
import { runFiles } from "./scenarios.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string", default: "" },
    owner: { type: "string", default: "" },
    keys: { type: "string" },
    writers: { type: "string" },
    increments: { type: "string" },
    calls: { type: "string" },
    rounds: { type: "string" },
  },
});

const [task, address = "", ...files] = positionals;

function number(name: "keys" | "writers" | "increments" | "calls" | "rounds"): number {
  const value = Number(values[name]);
  if (!Number.isInteger(value)) throw new Error(`--${name} must be a whole number`);
  return value;
}

if (task === "scenarios") {
  const control = await Control.open(address);
  const failed = await runFiles(files, control, values.only);
  control.close();
  process.exitCode = failed > 0 ? 1 : 0;
} else if (task === "count") {
  const [keys, writers, increments] = [number("keys"), number("writers"), number("increments")];
  const tally = await count(address, { owner: values.owner, keys, writers, increments });
  console.log(JSON.stringify(tally));
} else if (task === "overhead") {
  console.log(JSON.stringify(await overhead(address, number("calls"), number("rounds"))));
} else {
  throw new Error("the first argument must be scenarios, count or overhead");
}
