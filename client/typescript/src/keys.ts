/** The most UTF-8 bytes of an owner: DynamoDB's partition key less a row's prefix. */
const MAX_OWNER_BYTES = 2_042;

/** The most UTF-8 bytes of a name: DynamoDB's sort key less a row's prefix. */
const MAX_NAME_BYTES = 1_019;

/**
 * Returns the key of an owner's record: `owner:name`.
 *
 * Build keys with this rather than with a template string. An owner that holds a colon, such
 * as `a:b`, would make a key of the owner `a`.
 *
 * @param owner - Whose record it is: 1 to 2,042 UTF-8 bytes without a colon.
 * @param name - Its name there: 1 to 1,019 UTF-8 bytes; colons are allowed.
 * @throws RangeError - A part is empty or too long, or the owner has a colon.
 * @throws TypeError - A part is no string, or holds half of a surrogate pair.
 *
 * @example
 * ```ts
 * console.log(key("alice", "task:42"));
 * // prints: alice:task:42
 * ```
 */
export function key(owner: string, name: string): string {
  checkOwner(owner);
  checkPart("name", name, MAX_NAME_BYTES);
  if (name === "") throw new RangeError("the name must not be empty");
  return `${owner}:${name}`;
}

/**
 * Returns the prefix of an owner's records whose names start with `nameStart`.
 *
 * @param owner - Whose records: 1 to 2,042 UTF-8 bytes without a colon.
 * @param nameStart - How their names start: up to 1,019 UTF-8 bytes; empty for all.
 * @throws RangeError - As for `key`, but `nameStart` may be empty.
 * @throws TypeError - As for `key`.
 *
 * @example
 * ```ts
 * console.log(prefix("alice", "task:"));
 * // prints: alice:task:
 * console.log(prefix("alice"));
 * // prints: alice:
 * ```
 */
export function prefix(owner: string, nameStart = ""): string {
  checkOwner(owner);
  checkPart("nameStart", nameStart, MAX_NAME_BYTES);
  return `${owner}:${nameStart}`;
}

function checkOwner(owner: string): void {
  checkPart("owner", owner, MAX_OWNER_BYTES);
  if (owner === "") throw new RangeError("the owner must not be empty");
  if (owner.includes(":")) {
    throw new RangeError("the owner must not contain a colon: it ends where the name begins");
  }
}

function checkPart(part: string, text: string, limit: number): void {
  checkText(`the ${part}`, text);
  const bytes = Buffer.byteLength(text);
  if (bytes > limit) {
    const [size, most] = [bytes.toLocaleString("en"), limit.toLocaleString("en")];
    throw new RangeError(`the ${part} has ${size} UTF-8 bytes, the limit is ${most}`);
  }
}

/**
 * Checks that something is text that UTF-8 can encode; encoding would replace what is not.
 *
 * @throws TypeError - It is not.
 * @internal
 */
export function checkText(what: string, text: unknown): asserts text is string {
  if (typeof text !== "string") throw new TypeError(`${what} must be a string, not ${typeof text}`);
  if (!text.isWellFormed()) {
    throw new TypeError(`${what} holds half of a surrogate pair, which UTF-8 cannot encode`);
  }
}
