package io.pannier;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Hears of the pauses between attempts, by the client's log. */
final class PauseLog extends Handler implements AutoCloseable {
  private static final Logger LOGGER = Logger.getLogger("io.pannier");

  private final BlockingQueue<LogRecord> pauses = new LinkedBlockingQueue<>();

  private PauseLog() {}

  static PauseLog open() {
    PauseLog log = new PauseLog();
    LOGGER.setLevel(Level.FINE);
    LOGGER.addHandler(log);
    return log;
  }

  /** Returns once a call has begun to pause. */
  void await() throws InterruptedException {
    pauses.take();
  }

  @Override
  public void publish(LogRecord pause) {
    pauses.add(pause);
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    LOGGER.removeHandler(this);
    LOGGER.setLevel(null);
  }
}
