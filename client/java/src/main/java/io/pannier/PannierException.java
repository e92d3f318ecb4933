package io.pannier;

import io.grpc.Status;
import java.util.Objects;
import java.util.Optional;

/**
 * A call that did not succeed. Every error of a store is one; its subclasses say which.
 *
 * <p>Catch those that you can do something about: {@link NotFoundException}, {@link
 * VersionConflictException} and {@link AlreadyExistsException} are answers, {@link
 * UnavailableException}, {@link DeadlineExceededException} and {@link ThrottledException} are
 * trouble that may pass, {@link StoreMisconfiguredException} needs a person. This class itself
 * stands for statuses that have no class of their own. The {@linkplain #getCause() cause} is gRPC's
 * error where there was one.
 *
 * <p>The message says what is wrong and often what to do. It holds no key and no data.
 */
public class PannierException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Status.Code code;
  private final String reason;
  private final WriteOutcome writeOutcome;

  /**
   * Makes an error.
   *
   * @param message what is wrong, for people
   * @param facts what is known of it
   */
  public PannierException(String message, ErrorFacts facts) {
    super(message, Objects.requireNonNull(facts, "facts").cause());
    this.code = facts.code();
    this.reason = facts.reason();
    this.writeOutcome = facts.writeOutcome();
  }

  /**
   * Returns the gRPC status code.
   *
   * @return the code, never OK
   */
  public final Status.Code code() {
    return code;
  }

  /**
   * Returns the contract's reason without its prefix, such as {@code KEY_INVALID}.
   *
   * @return the reason; empty where the sidecar did not send one, as when it cannot be reached
   */
  public final String reason() {
    return reason;
  }

  /**
   * Tells whether a failed write may have been applied, over all attempts at it.
   *
   * @return the outcome; empty for a call that writes nothing. An update that failed at its read
   *     has one too: it has written nothing
   */
  public final Optional<WriteOutcome> writeOutcome() {
    return Optional.ofNullable(writeOutcome);
  }

  /** Returns class and message, and that a write may have been applied where that is so. */
  @Override
  @SuppressWarnings("OverrideThrowableToString") // getMessage() is what the sidecar said.
  public String toString() {
    return writeOutcome == WriteOutcome.UNKNOWN
        ? super.toString() + " (the write may have been applied)"
        : super.toString();
  }
}
