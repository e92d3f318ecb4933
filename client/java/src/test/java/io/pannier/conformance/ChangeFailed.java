package io.pannier.conformance;

/** What a change of an update throws where the scenario says so. */
final class ChangeFailed extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ChangeFailed(String message) {
    super(message);
  }
}
