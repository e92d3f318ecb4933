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

  /** What pauses wait for: the store's end. */
  private final CountDownLatch pausing = new CountDownLatch(1);

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
      pausing.countDown();
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
      if (safety != Safety.READ) {
        delivery = new Delivery();
        options = options.withStreamTracerFactory(delivery);
      }
      enter(attempts);
      try {
        return ClientCalls.blockingUnaryCall(channel.calls(), method, options, request);
      } catch (StatusRuntimeException cause) {
        last = read(cause, Context.current());
      } finally {
        leave();
      }
      boolean unsent = delivery != null && !delivery.begun();
      if (unsent) {
        last = last.neverSent();
      }
      long pause = unsent ? attempts.afterUnsentWrite(last) : attempts.afterFailure(last);
      pause(pause, last, attempts);
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
   * @throws PannierException there is no other attempt, or the thread was interrupted
   */
  void pause(long nanos, Failure last, Attempts attempts) {
    if (nanos == Attempts.NONE) {
      throw attempts.exception(last);
    }
    // Before, so that the connection can be there after the pause; and after, if that was long.
    channel.reconnect();
    await(nanos, last.code(), attempts);
    channel.reconnect();
  }

  /**
   * Waits for so long; closing the store ends the wait.
   *
   * @param after the status that is the reason for it
   * @throws PannierException the thread was interrupted
   */
  void await(long nanos, Status.Code after, Attempts attempts) {
    if (LOG.isLoggable(Level.DEBUG)) {
      LOG.log(
          Level.DEBUG, "after {0}: another attempt in {1} ms", after, NANOSECONDS.toMillis(nanos));
    }
    try {
      pausing.await(nanos, NANOSECONDS);
    } catch (InterruptedException interrupt) {
      Thread.currentThread().interrupt();
      throw attempts.exception(interrupted(interrupt));
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
