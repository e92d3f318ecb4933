/** Whether a result is what a scenario expects. */

import { isObject, type Json, type JsonObject, textOf } from "./json.js";

type Matcher = (expected: JsonObject, actual: Json) => boolean;

/** Returns what is wrong with a result, or undefined where it matches. */
export function mismatch(expected: Json, actual: Json, where: string): string | undefined {
  const wrong = `${where} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`;
  if (Array.isArray(expected)) return listMismatch(expected, actual, where, wrong);
  if (!isObject(expected)) return equal(expected, actual) ? undefined : wrong;
  const matcher = MATCHERS.get(Object.keys(expected)[0] ?? "");
  if (matcher) return matcher(expected, actual) ? undefined : wrong;
  if (!isObject(actual)) return wrong;
  return firstProblem(
    Object.entries(expected).map(
      ([name, part]) =>
        () =>
          mismatch(part, actual[name] ?? null, `${where}.${name}`),
    ),
  );
}

function listMismatch(
  expected: readonly Json[],
  actual: Json,
  where: string,
  wrong: string,
): string | undefined {
  if (!Array.isArray(actual) || actual.length !== expected.length) return wrong;
  return firstProblem(
    expected.map(
      (part, index) => () => mismatch(part, actual[index] ?? null, `${where}.${String(index)}`),
    ),
  );
}

function firstProblem(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const problem = check();
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** An integer also matches the string of its digits, and the other way round. */
function equal(expected: Json, actual: Json): boolean {
  const kinds = new Set([typeof expected, typeof actual]);
  if (kinds.has("number") && kinds.has("string")) return textOf(expected) === textOf(actual);
  return expected === actual;
}

function isBetween(least: Json | undefined, value: Json, most: Json | undefined): boolean {
  return typeof value === "number" && Number(least) <= value && value <= Number(most);
}

function secondsFromNow(time: Json): Json {
  return typeof time === "string" ? (Date.parse(time) - Date.now()) / 1_000 : null;
}

function asBytes(data: Json): Buffer {
  return isObject(data) ? Buffer.from(textOf(data["base64"]), "base64") : Buffer.from(textOf(data));
}

const MATCHERS = new Map<string, Matcher>([
  [
    "$one_of",
    ({ $one_of: choices }, found) =>
      (choices as Json[]).some((one) => mismatch(one, found, "") === undefined),
  ],
  ["$not", ({ $not: other }, found) => mismatch(other ?? null, found, "") !== undefined],
  ["$any", (_, found) => found !== null && found !== ""],
  ["$from", ({ $from: least, $to: most }, found) => isBetween(least, found, most)],
  ["$length", ({ $length: length }, found) => Array.isArray(found) && found.length === length],
  [
    "$contains",
    ({ $contains: text }, found) => typeof found === "string" && found.includes(textOf(text)),
  ],
  [
    "$in_seconds",
    ({ $in_seconds: range }, found) => {
      const [least, most] = range as Json[];
      return isBetween(least, secondsFromNow(found), most);
    },
  ],
  ["repeat", ({ repeat: text, times }, found) => textOf(text).repeat(Number(times)) === found],
  ["base64", (wanted, found) => asBytes(wanted).equals(asBytes(found))],
]);
