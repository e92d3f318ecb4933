package io.pannier;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** A call in a thread of its own. */
final class Running<T> {
  private final FutureTask<T> task;
  private final Thread thread;
  private volatile boolean interruptedAfter;

  private Running(Callable<T> call) {
    task =
        new FutureTask<>(
            () -> {
              try {
                return call.call();
              } finally {
                interruptedAfter = Thread.currentThread().isInterrupted();
              }
            });
    thread = new Thread(task, "caller");
  }

  static <T> Running<T> start(Callable<T> call) {
    Running<T> running = new Running<>(call);
    running.thread.start();
    return running;
  }

  void interrupt() {
    thread.interrupt();
  }

  /** Returns what the call gave. */
  T result() throws InterruptedException {
    try {
      return task.get();
    } catch (ExecutionException failed) {
      throw new AssertionError("the call failed", failed.getCause());
    }
  }

  /** Returns what the call threw. */
  <E extends Throwable> E error(Class<E> kind) throws InterruptedException {
    try {
      throw new AssertionError("the call gave " + task.get());
    } catch (ExecutionException failed) {
      if (kind.isInstance(failed.getCause())) {
        return kind.cast(failed.getCause());
      }
      throw new AssertionError("the call threw something else", failed.getCause());
    }
  }

  /** Tells whether the thread was interrupted when the call ended. */
  boolean interruptedAfter() {
    return interruptedAfter;
  }
}
