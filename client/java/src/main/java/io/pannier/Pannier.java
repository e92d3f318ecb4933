package io.pannier;

import java.nio.file.Path;

/**
 * Where to begin: stores, keys and prefixes.
 *
 * <pre>{@code
 * try (PannierStore store = Pannier.connect()) {
 *   String key = Pannier.key("alice", "task:1");
 *   store.put(key, "to do".getBytes(StandardCharsets.UTF_8));
 *   System.out.println(store.get(key).dataAsText());
 *   // prints: to do
 * }
 * }</pre>
 */
public final class Pannier {
  private Pannier() {}

  /**
   * Returns the store behind the sidecar that the environment variable PANNIER_ADDRESS names, else
   * the one at {@link #defaultSocketPath}. The first call connects, not this one.
   *
   * @return a store, to be closed
   * @throws IllegalArgumentException the variable holds no usable address
   * @throws IllegalStateException the variable is unset and there is no default socket: its
   *     directory, in the directory for temporary files, is not this user's alone, or the system is
   *     Windows
   */
  public static PannierStore connect() {
    return builder().connect();
  }

  /**
   * Returns the store behind the sidecar at an address. The first call connects, not this one.
   *
   * @param address {@code unix:/path/to/socket} or {@code host:port}
   * @return a store, to be closed
   * @throws IllegalArgumentException the address is neither of the two
   */
  public static PannierStore connect(String address) {
    return builder().address(address).connect();
  }

  /**
   * Returns a builder for a store with settings of its own.
   *
   * @return a new builder
   */
  public static StoreBuilder builder() {
    return new StoreBuilder();
  }

  /**
   * Returns the key of an owner's record. Formatting an owner that holds a colon, such as {@code
   * a:b}, into a string by hand makes a key of the owner {@code a}; this refuses it.
   *
   * <pre>{@code
   * System.out.println(Pannier.key("alice", "task:42"));
   * // prints: alice:task:42
   * try {
   *   Pannier.key("alice:bob", "42");
   * } catch (IllegalArgumentException refused) {
   *   System.out.println(refused.getMessage());
   *   // prints: the owner must not contain a colon: it ends where the name begins
   * }
   * }</pre>
   *
   * @param owner whose record it is: 1 to 2,042 UTF-8 bytes without a colon
   * @param name its name there: 1 to 1,019 UTF-8 bytes; colons are allowed
   * @return the key, {@code owner:name}
   * @throws IllegalArgumentException a part is empty, too long or no valid text, or the owner has a
   *     colon
   */
  public static String key(String owner, String name) {
    return Keys.key(owner, name);
  }

  /**
   * Returns the prefix of all of an owner's records.
   *
   * @param owner as for {@link #key}
   * @return the prefix, {@code owner:}
   * @throws IllegalArgumentException the owner is empty, too long or no valid text, or has a colon
   */
  public static String prefix(String owner) {
    return Keys.prefix(owner, "");
  }

  /**
   * Returns the prefix of an owner's records whose names start with a text.
   *
   * @param owner as for {@link #key}
   * @param nameStart how their names start: up to 1,019 UTF-8 bytes; empty for all
   * @return the prefix, {@code owner:nameStart}
   * @throws IllegalArgumentException as for {@link #key}, but {@code nameStart} may be empty
   */
  public static String prefix(String owner, String nameStart) {
    return Keys.prefix(owner, nameStart);
  }

  /**
   * Returns the socket that sidecar and clients use when nothing else is said: {@code
   * $XDG_RUNTIME_DIR/pannier/pannier.sock}, or {@code pannier-<uid>/pannier.sock} in the directory
   * for temporary files where that variable is unset, empty or relative.
   *
   * @return the socket's path, whether it is there or not
   * @throws IllegalStateException the system is Windows and the variable is unset
   */
  public static Path defaultSocketPath() {
    return DefaultSocket.path(System.getenv());
  }
}
