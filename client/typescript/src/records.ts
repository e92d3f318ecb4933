import { inspect, type InspectOptionsStylized } from "node:util";

/** The fields of a `StoredRecord`. */
export interface RecordFields extends Written {
  /** See `StoredRecord.key`. */
  readonly key: string;
  /** See `StoredRecord.data`. */
  readonly data: Uint8Array;
}

/** One version of a record. */
export class StoredRecord implements RecordFields {
  /** The record's key, `owner:name`. */
  readonly key: string;
  /** The record's data. Empty in a list with `keysOnly`. */
  readonly data: Uint8Array;
  /**
   * From 1 up, one more with each write. It starts again at 1 when a deleted record is
   * created again.
   */
  readonly version: bigint;
  /** Names the one write that made this version. Opaque, never empty. */
  readonly etag: string;
  /** When the record expires, in whole seconds; undefined for never. */
  readonly expireTime: Date | undefined;

  /** Makes a record, as tests of your own may want to. */
  constructor(fields: RecordFields) {
    this.key = fields.key;
    this.data = fields.data;
    this.version = fields.version;
    this.etag = fields.etag;
    this.expireTime = fields.expireTime;
  }

  /**
   * Returns the data as text.
   *
   * @throws TypeError - The data is no UTF-8.
   */
  text(): string {
    return UTF8.decode(this.data);
  }

  /**
   * Returns the value that the data hold as JSON.
   *
   * @throws TypeError - The data is no UTF-8.
   * @throws SyntaxError - The text is no JSON.
   */
  json(): unknown {
    return JSON.parse(this.text());
  }

  /**
   * Shows the record without its data, which logs should not hold.
   *
   * @internal
   */
  [inspect.custom](_depth: number, options: InspectOptionsStylized): string {
    const data = `<${this.data.length.toLocaleString("en")} bytes>`;
    const { key, version, etag, expireTime } = this;
    return `StoredRecord ${inspect({ key, data, version, etag, expireTime }, options)}`;
  }
}

// A byte order mark is data like any other.
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What a write made. */
export interface Written {
  /** The version that it made. */
  readonly version: bigint;
  /** The etag of that version. */
  readonly etag: string;
  /** When the record expires as the server resolved it, in whole seconds; undefined for never. */
  readonly expireTime: Date | undefined;
}

/** A stored row that is no readable record. */
export interface UnreadableRow {
  /** Its key, `owner:name`. */
  readonly key: string;
  /** What is wrong with it, for people. */
  readonly problem: string;
}

/** A piece of a list. */
export interface Page {
  /** The page's records, in the list's order. */
  readonly records: readonly StoredRecord[];
  /** Goes on after this page as `pageToken`; empty at the end. */
  readonly nextPageToken: string;
  /** The rows in this page's range that cannot be read. */
  readonly unreadable: readonly UnreadableRow[];
}

/** What a clean-up did. */
export interface CleanupResult {
  /** How many expired records it removed. */
  readonly removed: number;
  /** True where the limit or the deadline ended it: call again for the rest. */
  readonly more: boolean;
}
