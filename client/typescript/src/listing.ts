import { Attempts } from "./attempts.js";
import { UnavailableError, UnreadableRecordsError } from "./errors.js";
import type { ListByPrefixRequest, ListByPrefixResponse } from "./gen/pannier/v1/storage_pb.js";
import type { PageOptions } from "./options.js";
import type { PannierError } from "./pannier_error.js";
import type { Page, StoredRecord, UnreadableRow } from "./records.js";
import { listRequest } from "./requests.js";
import { readPage } from "./responses.js";
import type { RetryPolicy } from "./retries.js";

const MAX_UNREADABLE_KEPT = 1_000;

/**
 * One list over as many streams as it takes.
 *
 * A page counts when it was received whole. After a break the list goes on behind the last
 * such page, so no record comes twice and none is left out.
 */
export class Listing {
  /** The request that goes on from here. */
  readonly request: ListByPrefixRequest;
  readonly #limit: number;
  #listed = 0;
  #isOver = false;
  #breaking: Attempts | undefined;
  #givesUpAt = Infinity;

  /**
   * Starts before the first page.
   *
   * @throws TypeError - An argument has the wrong type.
   * @throws RangeError - An argument is out of range.
   */
  constructor(prefix: string, options: PageOptions) {
    this.request = listRequest(prefix, options);
    this.#limit = this.request.limit;
  }

  /** Whether the last page came, or the limit is reached. */
  isOver(): boolean {
    return this.#isOver;
  }

  /** When the break that lasts now ends the list, on the caller's clock; Infinity without one. */
  get givesUpAt(): number {
    return this.#givesUpAt;
  }

  /** Takes a page that was received, and returns it. */
  accept(answer: ListByPrefixResponse): Page {
    this.#breaking = undefined;
    this.#givesUpAt = Infinity;
    this.#listed += answer.records.length;
    this.request.pageToken = answer.nextPageToken;
    // A limit of 0 would ask for all, so a list that has its records must end here.
    const isAtLimit = this.#limit > 0 && this.#listed >= this.#limit;
    this.#isOver = isAtLimit || answer.nextPageToken === "";
    if (this.#limit > 0 && !this.#isOver) this.request.limit = this.#limit - this.#listed;
    return readPage(answer);
  }

  /**
   * Returns the pause in milliseconds before the next stream, or undefined for no more.
   *
   * A break lasts from the first failure after a page until the next page; `giveUp` as passed
   * at its start ends it. Both times are on the caller's clock, in milliseconds.
   */
  afterFailure(
    error: PannierError,
    policy: RetryPolicy,
    giveUp: number,
    now: number,
  ): number | undefined {
    if (!this.#breaking) {
      this.#breaking = new Attempts(policy, "read", giveUp);
      this.#givesUpAt = giveUp;
    }
    return this.#breaking.afterFailure(error, now);
  }
}

/** Returns the error for a stream that ended well, but before the list's end. */
export function cutShort(): PannierError {
  return new UnavailableError("the stream ended before the last page of the list");
}

/** Yields the records of pages; the pages' stream ends with it. */
export async function* recordsOf(
  pages: AsyncGenerator<Page, void, undefined>,
  onUnreadable: ((row: UnreadableRow) => void) | undefined,
): AsyncGenerator<StoredRecord, void, undefined> {
  const rows = new UnreadableRows();
  for await (const page of pages) {
    yield* page.records;
    for (const row of page.unreadable) {
      if (onUnreadable) onUnreadable(row);
      else rows.add(row);
    }
  }
  rows.throwIfAny();
}

/** The unreadable rows that a list met, to be named at its end. */
class UnreadableRows {
  readonly #kept: UnreadableRow[] = [];
  #count = 0;

  /** Remembers a row; memory stays bounded however many there are. */
  add(row: UnreadableRow): void {
    this.#count += 1;
    if (this.#count <= MAX_UNREADABLE_KEPT) this.#kept.push(row);
  }

  /** @throws UnreadableRecordsError - There was a row. */
  throwIfAny(): void {
    if (this.#count === 0) return;
    const rows = `${this.#count.toLocaleString("en")} stored rows of the list`;
    throw new UnreadableRecordsError(
      `${rows} cannot be read as records; ` +
        "their keys are in the error's unreadable: repair or delete them",
      { unreadable: this.#kept, count: this.#count, reason: "RECORD_CORRUPT" },
    );
  }
}
