/** Carrying scenarios out, and telling what went wrong. */

import { connect, type ConnectOptions } from "@pannier/client";
import { readFileSync } from "node:fs";

import { callsOn } from "./calls.js";
import { StageFailed, type Control } from "./control.js";
import { textOf, type Json, type JsonObject } from "./json.js";
import { mismatch } from "./matching.js";
import { errorJson } from "./results.js";
import { atPath, substitute, type Saved } from "./substitution.js";

interface Scenario {
  readonly name: string;
  readonly connect?: JsonObject;
  readonly stage?: JsonObject;
  readonly steps: readonly JsonObject[];
}

interface Topic {
  readonly topic: string;
  readonly scenarios: readonly Scenario[];
}

/** What a step gave. */
interface Outcome {
  readonly kind: "result" | "error";
  readonly value: Json;
}

/** A step did not do what it should; the message says what it did. */
class StepFailed extends Error {}

/** Runs the scenarios of files whose names hold a text; returns how many failed. */
export async function runFiles(
  files: readonly string[],
  control: Control,
  only: string,
): Promise<number> {
  let [passed, failed] = [0, 0];
  for (const file of files) {
    const { topic, scenarios } = JSON.parse(readFileSync(file, "utf8")) as Topic;
    for (const scenario of scenarios.filter(({ name }) => name.includes(only))) {
      const problem = await problemOf(scenario, control);
      if (problem === undefined) passed += 1;
      else failed += 1;
      if (problem !== undefined) console.log(`FAILED ${topic}: ${scenario.name}\n  ${problem}`);
    }
  }
  console.log(`${String(passed)} passed, ${String(failed)} failed`);
  return failed;
}

async function problemOf(scenario: Scenario, control: Control): Promise<string | undefined> {
  try {
    const { name, stage = {} } = scenario;
    const began = await control.do({ do: "begin", scenario: name, stage });
    try {
      await play(scenario, began, control);
    } finally {
      await control.do({ do: "end" });
    }
  } catch (problem) {
    if (problem instanceof StepFailed || problem instanceof StageFailed) return problem.message;
    throw problem;
  }
  return undefined;
}

async function play(scenario: Scenario, began: JsonObject, control: Control): Promise<void> {
  const options = settings(scenario.connect ?? {}, began);
  await using store = connect(textOf(began["address"]), options);
  const scene = new Scene(callsOn(store, control), control, textOf(began["owner"]));
  for (const [index, step] of scenario.steps.entries()) {
    const problem = await scene.problemOf(step);
    if (problem !== undefined) {
      throw new StepFailed(`step ${String(index + 1)} ${JSON.stringify(step)}: ${problem}`);
    }
  }
  const left = [...scene.running.keys()];
  if (left.length > 0) throw new StepFailed(`never awaited: ${left.join(", ")}`);
}

function settings(wanted: JsonObject, began: JsonObject): ConnectOptions {
  const seconds = wanted["timeout_seconds"];
  const certificates = began["ca_file"];
  return {
    timeoutMs: seconds === undefined ? undefined : Number(seconds) * 1_000,
    retries: { maxAttempts: wanted["max_attempts"] as number | undefined },
    token: wanted["token"] as string | undefined,
    tls: certificates ? { rootCertificates: readFileSync(textOf(certificates)) } : undefined,
  };
}

/** One scenario while it is carried out. */
class Scene {
  readonly running = new Map<string, Promise<Outcome>>();
  readonly #call: (name: string, args: JsonObject) => unknown;
  readonly #control: Control;
  readonly #saved: Saved;

  constructor(call: (name: string, args: JsonObject) => unknown, control: Control, owner: string) {
    this.#call = call;
    this.#control = control;
    this.#saved = new Map([["owner", owner]]);
  }

  /** Carries a step out, and returns what is wrong with what it did. */
  async problemOf(step: JsonObject): Promise<string | undefined> {
    if (step["start"] !== undefined) {
      this.running.set(textOf(step["start"]), this.#outcome(step));
      return undefined;
    }
    const { kind, value } = await this.#outcome(step);
    const wanted = "error" in step ? "error" : "result";
    if (kind !== wanted) return `it gave the ${kind} ${JSON.stringify(value)}`;
    const expected = substitute(step["error"] ?? step["expect"] ?? {}, this.#saved);
    const problem = mismatch(expected, value, kind);
    if (problem !== undefined) return problem;
    for (const [name, path] of Object.entries(step["save"] ?? {})) {
      this.#saved.set(name, atPath(value, String(path)));
    }
    return undefined;
  }

  async #outcome(step: JsonObject): Promise<Outcome> {
    if (step["await"] !== undefined) return this.#awaited(textOf(step["await"]));
    if (step["control"] !== undefined) {
      const command = substitute(step["control"], this.#saved) as JsonObject;
      return { kind: "result", value: await this.#control.do(command) };
    }
    try {
      const args = substitute(step["args"] ?? {}, this.#saved) as JsonObject;
      return { kind: "result", value: (await this.#call(textOf(step["call"]), args)) as Json };
    } catch (error) {
      if (error instanceof StageFailed) throw error;
      return { kind: "error", value: errorJson(error) };
    }
  }

  async #awaited(name: string): Promise<Outcome> {
    const outcome = this.running.get(name);
    if (!outcome) throw new StepFailed(`nothing was started as ${name}`);
    this.running.delete(name);
    return outcome;
  }
}
