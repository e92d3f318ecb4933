package io.pannier;

import io.grpc.Context;
import java.lang.ref.Cleaner;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** A list whose elements come from the sidecar; see {@link Listing}. */
abstract class RemoteListing<T> implements Listing<T> {
  /** Ends the streams of lists that were dropped without being closed. */
  private static final Cleaner CLEANER = Cleaner.create();

  private final Cleaner.Cleanable ending;
  private final Elements elements = new Elements();
  private volatile boolean closed;

  /**
   * Starts before the first element.
   *
   * @param calls what the list's streams belong to
   */
  RemoteListing(Context.CancellableContext calls) {
    this.ending = CLEANER.register(this, () -> calls.cancel(null));
  }

  /** Returns the next element; null at the end. */
  abstract T advance();

  @Override
  public final Iterator<T> iterator() {
    return elements;
  }

  @Override
  public final Stream<T> stream() {
    int properties = Spliterator.ORDERED | Spliterator.NONNULL;
    return StreamSupport.stream(Spliterators.spliteratorUnknownSize(elements, properties), false)
        .onClose(this::close);
  }

  @Override
  public final void close() {
    closed = true;
    ending.clean();
  }

  /** The only iterator. As long as someone holds it the list is not dropped. */
  private final class Elements implements Iterator<T> {
    private boolean ended;
    private T next;

    @Override
    public boolean hasNext() {
      if (!ended && next == null) {
        fetch();
      }
      return !ended;
    }

    @Override
    public T next() {
      if (!hasNext()) {
        throw new NoSuchElementException("the list has ended");
      }
      T element = next;
      next = null;
      return element;
    }

    /** Fetches an element. At its end, and where it fails, the list closes itself. */
    private void fetch() {
      if (closed) {
        throw new IllegalStateException("the list was closed before its end");
      }
      try {
        next = advance();
        ended = next == null;
      } finally {
        if (next == null) {
          close();
        }
      }
    }
  }
}
