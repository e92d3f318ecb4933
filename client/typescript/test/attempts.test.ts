import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Attempts } from "#dist/attempts.js";
import { ThrottledError, UnavailableError, VersionConflictError } from "#dist/errors.js";
import { RetryPolicy } from "#dist/retries.js";
import { Update } from "#dist/updates.js";

const NOT_APPLIED = { writeOutcome: "not_applied" } as const;

/** Returns the largest of many values, which is close to their bound. */
function largest(values: () => number): number {
  return Math.max(...Array.from({ length: 2_000 }, values));
}

describe("pauses", () => {
  it("grow twofold up to the longest, and are random", () => {
    const policy = new RetryPolicy({});
    for (const [attempts, bound] of [
      [1, 50],
      [2, 100],
      [5, 800],
      [6, 1_000],
      [2_000, 1_000],
    ] as const) {
      const longest = largest(() => policy.backoff(attempts));
      assert.ok(
        longest <= bound && longest > 0.9 * bound,
        `${String(attempts)}: ${String(longest)}`,
      );
    }
  });

  it("after a lost race are short, and stay so", () => {
    const conflict = new VersionConflictError("", NOT_APPLIED);
    const update = new Update(Infinity);
    assert.ok((update.afterConflict(conflict, 0) ?? Infinity) <= 10);
    const longest = largest(() => update.afterConflict(conflict, 0) ?? Infinity);
    assert.ok(longest > 150 && longest <= 200);
  });

  it("that do not fit into the call's time are not made", () => {
    const attempts = new Attempts(new RetryPolicy({}), "read", 1_000);
    assert.equal(attempts.afterFailure(new UnavailableError(""), 1_000), undefined);
    const conflict = new VersionConflictError("", NOT_APPLIED);
    assert.equal(new Update(1_000).afterConflict(conflict, 1_000), undefined);
  });

  it("after throttling add to the delay that the server names", () => {
    const attempts = new Attempts(new RetryPolicy({}), "read", Infinity);
    const pause = attempts.afterFailure(new ThrottledError("", { retryDelayMs: 250 }), 0);
    assert.ok(pause !== undefined && pause >= 250 && pause <= 300);
  });
});

describe("what attempts may have done", () => {
  it("stays unknown once one of them is", () => {
    const attempts = new Attempts(new RetryPolicy({}), "repeatable write", Infinity);
    const [sure, unsure, late] = [NOT_APPLIED, {}, NOT_APPLIED].map(
      (facts) => new UnavailableError("", facts),
    );
    assert.ok(sure && unsure && late);
    for (const error of [sure, unsure, late]) attempts.merge(error);
    const outcomes = [sure, unsure, late].map((error) => error.writeOutcome);
    assert.deepEqual(outcomes, ["not_applied", "unknown", "unknown"]);
  });

  it("is nothing for reads", () => {
    const error = new UnavailableError("", NOT_APPLIED);
    assert.equal(new Attempts(new RetryPolicy({}), "read", 1).merge(error).writeOutcome, undefined);
  });

  it("ends a write that must not be repeated, unless it was not applied", () => {
    const attempts = new Attempts(new RetryPolicy({}), "single write", Infinity);
    assert.notEqual(attempts.afterFailure(new UnavailableError("", NOT_APPLIED), 0), undefined);
    assert.equal(attempts.afterFailure(new UnavailableError(""), 0), undefined);
  });
});
