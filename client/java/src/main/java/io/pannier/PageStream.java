package io.pannier;

import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.pannier.v1.ListByPrefixRequest;
import io.pannier.v1.ListByPrefixResponse;
import io.pannier.v1.StorageBackendGrpc;
import java.time.Duration;
import java.util.Iterator;

/** The pages of one list over as many streams from the sidecar as it takes. */
final class PageStream {
  private final Connection connection;
  private final ListProgress progress;
  private final Duration timeout;
  private final Context.CancellableContext calls;
  private Deadline deadline;
  private Iterator<ListByPrefixResponse> stream;

  private PageStream(
      Connection connection,
      ListByPrefixRequest request,
      Duration timeout,
      Context.CancellableContext calls) {
    this.connection = connection;
    this.progress = new ListProgress(request);
    this.timeout = timeout;
    this.calls = calls;
  }

  /**
   * Starts before the first page.
   *
   * @param calls what the streams belong to: they end with it
   */
  static PageStream of(
      Connection connection, String prefix, ListOptions options, Context.CancellableContext calls) {
    return new PageStream(connection, Messages.list(prefix, options), options.timeout(), calls);
  }

  /**
   * Returns the next page, going on after breaks; null at the end.
   *
   * @throws PannierException the list cannot go on
   */
  ListByPrefixResponse next() {
    if (deadline == null && timeout != null) {
      deadline = connection.deadline(timeout);
    }
    while (!progress.ended()) {
      Failure failure;
      try {
        if (stream == null) {
          stream = open();
        }
        if (stream.hasNext()) {
          ListByPrefixResponse page = stream.next();
          progress.accept(page);
          return page;
        }
        failure =
            Failure.local(
                ErrorKind.UNAVAILABLE,
                "the stream ended before the last page of the list",
                null,
                null);
      } catch (StatusRuntimeException cause) {
        failure = connection.read(cause, calls);
      }
      stream = null;
      pause(failure);
    }
    return null;
  }

  private Iterator<ListByPrefixResponse> open() {
    // The page is read where it arrives and waits in the iterator; no other thread is needed.
    CallOptions options = CallOptions.DEFAULT.withDeadline(deadline).withExecutor(Runnable::run);
    connection.enter(connection.attempts(Safety.READ, deadline));
    Context caller = calls.attach();
    try {
      return ClientCalls.blockingServerStreamingCall(
          connection.calls(),
          StorageBackendGrpc.getListByPrefixMethod(),
          options,
          progress.request());
    } finally {
      calls.detach(caller);
      connection.leave();
    }
  }

  private void pause(Failure failure) {
    Deadline giveUp = connection.deadline(null);
    Attempts attempts =
        progress.breaking(
            connection.retries(), deadline == null ? giveUp : giveUp.minimum(deadline));
    connection.pause(attempts.afterFailure(failure), failure, calls, attempts);
  }
}
