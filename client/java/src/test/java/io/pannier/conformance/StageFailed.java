package io.pannier.conformance;

/** The stage could not do what it was told; the message is its own. */
final class StageFailed extends RuntimeException {
  private static final long serialVersionUID = 1L;

  StageFailed(String message) {
    super(message);
  }
}
