package io.pannier;

import io.grpc.Metadata;
import java.time.Duration;
import java.util.Objects;

/**
 * How a store connects and calls; made by {@link Pannier#builder}.
 *
 * <pre>{@code
 * StoreBuilder builder =
 *     Pannier.builder()
 *         .address("storage.example:50051")
 *         .tls(Tls.systemRoots())
 *         .token("the-token")
 *         .timeout(Duration.ofSeconds(3));
 * try (PannierStore remote = builder.connect()) {
 *   System.out.println(remote.address());
 *   // prints: storage.example:50051
 * }
 * }</pre>
 */
public final class StoreBuilder {
  /** The sidecar's own default. */
  private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

  private String address;
  private Duration timeout = DEFAULT_TIMEOUT;
  private RetryPolicy retries = RetryPolicy.defaults();
  private Tls tls;
  private final Metadata metadata = new Metadata();

  StoreBuilder() {}

  /**
   * Sets where the sidecar is.
   *
   * @param address {@code unix:/path/to/socket} or {@code host:port}. Default: the environment
   *     variable PANNIER_ADDRESS, else {@link Pannier#defaultSocketPath}
   * @return this builder
   */
  public StoreBuilder address(String address) {
    this.address = Objects.requireNonNull(address, "address");
    return this;
  }

  /**
   * Sets the time that each call may take, its retries included.
   *
   * @param timeout above 0; default: 10 seconds
   * @return this builder
   * @throws IllegalArgumentException the timeout is not above 0
   */
  public StoreBuilder timeout(Duration timeout) {
    this.timeout = Timeouts.checked(timeout);
    return this;
  }

  /**
   * Sets how calls are tried again where that is safe.
   *
   * @param retries {@link RetryPolicy#defaults} unless it is set, {@link RetryPolicy#none} for none
   * @return this builder
   */
  public StoreBuilder retries(RetryPolicy retries) {
    this.retries = Objects.requireNonNull(retries, "retries");
    return this;
  }

  /**
   * Connects by TLS.
   *
   * @param tls whom to trust. Default: a plain connection
   * @return this builder
   */
  public StoreBuilder tls(Tls tls) {
    this.tls = Objects.requireNonNull(tls, "tls");
    return this;
  }

  /**
   * Sends a token with each call, as {@code authorization: Bearer TOKEN} (RFC 6750), over plain
   * connections too.
   *
   * @param token printable ASCII, not empty
   * @return this builder
   * @throws IllegalArgumentException the token holds other characters or is empty
   */
  public StoreBuilder token(String token) {
    Objects.requireNonNull(token, "token");
    // A line break would end the header.
    boolean printable = token.chars().allMatch(character -> character >= ' ' && character <= '~');
    if (token.isEmpty() || !printable) {
      throw new IllegalArgumentException("the token must be printable ASCII, and not empty");
    }
    Metadata.Key<String> name = textName("authorization");
    metadata.discardAll(name);
    metadata.put(name, "Bearer " + token);
    return this;
  }

  /**
   * Sends a header with each call; the same name may be added more than once.
   *
   * @param name letters, digits, {@code -}, {@code _} and {@code .}, not ending in {@code -bin}
   * @param value printable ASCII
   * @return this builder
   * @throws IllegalArgumentException the name or the value holds other characters
   */
  public StoreBuilder metadata(String name, String value) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(value, "value");
    if (!value.chars().allMatch(character -> character >= ' ' && character <= '~')) {
      throw new IllegalArgumentException("the value of %s must be printable ASCII".formatted(name));
    }
    metadata.put(textName(name), value);
    return this;
  }

  /**
   * Sends a binary header with each call; the same name may be added more than once.
   *
   * @param name as for text, but ending in {@code -bin}
   * @param value any bytes
   * @return this builder
   * @throws IllegalArgumentException the name is not allowed
   */
  public StoreBuilder metadata(String name, byte[] value) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(value, "value");
    metadata.put(Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER), value.clone());
    return this;
  }

  /**
   * Returns the store behind the sidecar. The first call connects, not this one.
   *
   * @return a store, to be closed
   * @throws IllegalArgumentException the address is not usable, or TLS's certificates and key are
   *     not
   * @throws IllegalStateException no address is given, and there is no default socket: its
   *     directory, in the directory for temporary files, is not this user's alone, or the system is
   *     Windows
   */
  public PannierStore connect() {
    String place = address == null ? DefaultSocket.address(System.getenv()) : address;
    SidecarChannel channel = SidecarChannel.open(SidecarAddress.parse(place), tls, metadata);
    return new RemoteStore(new Connection(channel, retries, timeout));
  }

  private static Metadata.Key<String> textName(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }
}
