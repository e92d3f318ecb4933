import { makeSettings, type ConnectOptions } from "./settings.js";
import { Store } from "./store.js";

/**
 * Returns the store behind a sidecar. The first call connects, not this one.
 *
 * @param address - `unix:/path/to/socket` or `host:port`. Default: the environment variable
 *   PANNIER_ADDRESS, else `defaultSocketPath()`.
 * @param options - Time limits, retries, TLS, a token.
 * @throws TypeError - The address, the token or the metadata is not usable.
 * @throws RangeError - The timeout or the retry options are out of range.
 * @throws Error - No address is given and the default socket's directory, in the directory for
 *   temporary files, is not this user's alone.
 *
 * @example
 * ```ts
 * await using store = connect(address);
 * const written = await store.put("alice:greeting", "hello");
 * console.log(written.version);
 * // prints: 1n
 * ```
 */
export function connect(address?: string, options: ConnectOptions = {}): Store {
  return new Store(makeSettings(address, options));
}
