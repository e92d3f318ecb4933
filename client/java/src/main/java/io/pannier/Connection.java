package io.pannier;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

/** The calls of a store: attempts, pauses between them, and their end when the store is closed. */
final class Connection {
  private static final Logger LOG = System.getLogger("io.pannier");

  private final SidecarChannel channel;
  private final RetryPolicy retries;
  private final long timeoutNanos;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Ends with the store, and pauses with it. */
  private final Context.CancellableContext life = Context.ROOT.withCancellation();

  Connection(SidecarChannel channel, RetryPolicy retries, Duration timeout) {
    this.channel = channel;
    this.retries = retries;
    this.timeoutNanos = Timeouts.nanos(timeout);
  }

  /** Where the sidecar is, as people write it. */
  String address() {
    return channel.address();
  }

  /** What calls are made on. */
  Channel calls() {
    return channel.calls();
  }

  /** How failed calls are tried again. */
  RetryPolicy retries() {
    return retries;
  }

  /** Ends what runs and closes the channel. */
  void close() {
    if (closed.compareAndSet(false, true)) {
      life.cancel(null);
      channel.close();
    }
  }

  /** Returns when a call ends that starts now; without a timeout of its own it has the store's. */
  Deadline deadline(Duration timeout) {
    return Timeouts.deadline(timeout == null ? timeoutNanos : Timeouts.nanos(timeout));
  }

  /** Starts counting the attempts at a call. */
  Attempts attempts(Safety safety, Deadline deadline) {
    return new Attempts(retries, safety, deadline);
  }

  /**
   * Returns the answer to a call, over as many attempts as are safe and fit.
   *
   * <p>The call runs in the caller's thread; interrupting that ends it.
   *
   * @throws PannierException the last attempt's error, with the outcome of all
   */
  <Q, A> A call(MethodDescriptor<Q, A> method, Q request, Safety safety, Deadline deadline) {
    Attempts attempts = attempts(safety, deadline);
    Failure last = null;
    while (true) {
      if (deadline.isExpired()) {
        throw attempts.exception(last == null ? outOfTime() : last);
      }
      CallOptions options = CallOptions.DEFAULT.withDeadline(deadline);
      Delivery delivery = null;
      if (safety.isWrite()) {
        delivery = new Delivery();
        options = options.withStreamTracerFactory(delivery);
      }
      Failure failure;
      enter(attempts);
      try {
        return ClientCalls.blockingUnaryCall(channel.calls(), method, options, request);
      } catch (StatusRuntimeException cause) {
        failure = read(cause, Context.current());
      } finally {
        leave();
      }
      boolean unsent = delivery != null && !delivery.begun();
      if (unsent && last != null && failure.kind() == ErrorKind.DEADLINE_EXCEEDED) {
        // It waited for a connection in vain; the one before tells why there is none.
        throw attempts.exception(last);
      }
      last = unsent ? failure.neverSent() : failure;
      long pause = unsent ? attempts.afterUnsentWrite(last) : attempts.afterFailure(last);
      pause(pause, last, Context.current(), attempts);
    }
  }

  /**
   * Lets a call begin on the channel, which it has to {@link #leave}.
   *
   * @throws PannierException the store is closed, or the thread was interrupted; with the outcome
   *     of the attempts before
   */
  void enter(Attempts attempts) {
    if (Thread.currentThread().isInterrupted()) {
      throw attempts.exception(interrupted(null));
    }
    if (closed.get() || !channel.enter()) {
      throw attempts.exception(
          Failure.local(
              ErrorKind.STORE_CLOSED, "the store is closed", WriteOutcome.NOT_APPLIED, null));
    }
  }

  /** Tells that what has entered needs the channel's thread no longer. */
  void leave() {
    channel.leave();
  }

  /**
   * Pauses before another attempt, while the channel connects again.
   *
   * @param nanos how long, or {@link Attempts#NONE}
   * @param context what the call belongs to
   * @throws PannierException there is no other attempt, or the thread was interrupted
   */
  void pause(long nanos, Failure last, Context context, Attempts attempts) {
    if (last.kind() == ErrorKind.UNAVAILABLE) {
      // Before, so that the connection can be there after the pause, or for the next call.
      channel.reconnect();
    }
    if (nanos == Attempts.NONE) {
      throw attempts.exception(last);
    }
    await(nanos, last.code(), context, attempts);
    // And after, if that was long.
    channel.reconnect();
  }

  /**
   * Waits for so long. The end of the store or of what the call belongs to ends the wait; the next
   * attempt tells of it.
   *
   * @param after the status that is the reason for it
   * @param context what the call belongs to
   * @throws PannierException the thread was interrupted
   */
  void await(long nanos, Status.Code after, Context context, Attempts attempts) {
    if (LOG.isLoggable(Level.DEBUG)) {
      LOG.log(
          Level.DEBUG, "after {0}: another attempt in {1} ms", after, NANOSECONDS.toMillis(nanos));
    }
    CountDownLatch over = new CountDownLatch(1);
    Context.CancellationListener end = ended -> over.countDown();
    life.addListener(end, Runnable::run);
    context.addListener(end, Runnable::run);
    try {
      over.await(nanos, NANOSECONDS);
    } catch (InterruptedException interrupt) {
      Thread.currentThread().interrupt();
      throw attempts.exception(interrupted(interrupt));
    } finally {
      life.removeListener(end);
      context.removeListener(end);
    }
  }

  /**
   * Reads gRPC's error.
   *
   * @param context what the call belonged to
   */
  Failure read(StatusRuntimeException cause, Context context) {
    if (closed.get()) {
      return Failure.local(
          ErrorKind.STORE_CLOSED, "the store was closed while the call ran", null, cause);
    }
    if (isOfTheCaller(cause.getStatus(), context)) {
      return Failure.local(
          ErrorKind.CALL_CANCELLED, "the caller ended the call while it ran", null, cause);
    }
    return Failure.read(cause, channel.address());
  }

  private static boolean isOfTheCaller(Status status, Context context) {
    return status.getCode() == Status.Code.CANCELLED
        && (status.getCause() instanceof InterruptedException || context.isCancelled());
  }

  private static Failure interrupted(InterruptedException interrupt) {
    return Failure.local(
        ErrorKind.CALL_CANCELLED,
        "the thread was interrupted before the call was sent",
        WriteOutcome.NOT_APPLIED,
        interrupt);
  }

  private static Failure outOfTime() {
    return Failure.local(
        ErrorKind.DEADLINE_EXCEEDED,
        "the call's time was over before it was sent",
        WriteOutcome.NOT_APPLIED,
        null);
  }
}
