/** Many increments of few counters by several writers; see `count` in the scenarios' README. */

import {
  connect,
  DeadlineExceededError,
  key,
  OutcomeUnknownError,
  PannierError,
  UnavailableError,
  type Store,
} from "@pannier/client";

/** What is counted. */
export interface Counting {
  readonly owner: string;
  readonly keys: number;
  readonly writers: number;
  readonly increments: number;
}

/** One writer of a key. */
interface Writer {
  readonly key: string;
  /** Which of the numbers in the record is its own, from 0. */
  readonly place: number;
}

/** What became of the updates. */
class Tally {
  succeeded = 0;
  unknown = 0;
  settled_applied = 0;
  settled_not_applied = 0;
  readonly failed: Record<string, number> = {};

  /** Counts an update that failed for certain. */
  addFailed({ name }: PannierError): void {
    const kind = name.replace(/Error$/, "");
    this.failed[kind] = (this.failed[kind] ?? 0) + 1;
  }
}

/** Increments counters, and returns what became of it. */
export async function count(address: string, counting: Counting): Promise<Tally> {
  const { owner, keys, writers, increments } = counting;
  const counters = Array.from({ length: keys }, (_, n) => key(owner, `counter:${String(n)}`));
  await using store = connect(address);
  for (const counter of counters) await store.put(counter, Array(writers).fill("0").join(" "));
  const everyone = counters.flatMap((counter) =>
    Array.from({ length: writers }, (_, place) => ({ key: counter, place })),
  );
  const tally = new Tally();
  await Promise.all(
    everyone.map((writer, index) => {
      const extra = Number(index < increments % everyone.length);
      return write(address, writer, Math.floor(increments / everyone.length) + extra, tally);
    }),
  );
  return tally;
}

async function write(address: string, writer: Writer, share: number, tally: Tally): Promise<void> {
  await using store = connect(address);
  for (let done = 0; done < share;) {
    if (await increment(store, writer, done + 1, tally)) done += 1;
  }
}

/** Makes one increment; returns whether it was made. */
async function increment(
  store: Store,
  writer: Writer,
  wanted: number,
  tally: Tally,
): Promise<boolean> {
  try {
    await store.update(writer.key, (record) => raised(record.text(), writer.place));
  } catch (error) {
    if (error instanceof OutcomeUnknownError) {
      tally.unknown += 1;
      const isApplied = (await ownNumber(store, writer)) >= wanted;
      tally[isApplied ? "settled_applied" : "settled_not_applied"] += 1;
      return isApplied;
    }
    if (!(error instanceof PannierError) || error.writeOutcome === "unknown") throw error;
    tally.addFailed(error);
    return false;
  }
  tally.succeeded += 1;
  return true;
}

function raised(data: string, place: number): string {
  const numbers = data.split(" ").map(Number);
  return numbers.map((number, index) => number + Number(index === place)).join(" ");
}

async function ownNumber(store: Store, writer: Writer): Promise<number> {
  for (;;) {
    try {
      return Number((await store.get(writer.key)).text().split(" ")[writer.place]);
    } catch (error) {
      const mayPass = error instanceof UnavailableError || error instanceof DeadlineExceededError;
      if (!mayPass) throw error;
    }
  }
}
