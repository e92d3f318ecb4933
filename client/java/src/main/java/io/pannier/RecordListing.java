package io.pannier;

import io.grpc.Context;
import io.pannier.v1.ListByPrefixResponse;
import io.pannier.v1.Record;
import io.pannier.v1.UnreadableRecord;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;

/** A list of records, its pages hidden. */
final class RecordListing extends RemoteListing<StoredRecord> {
  private final PageStream pages;
  private final Consumer<Unreadable> onUnreadable;
  private final UnreadableRows unheard = new UnreadableRows();
  private Iterator<Record> records = Collections.emptyIterator();
  private List<UnreadableRecord> unreadable = List.of();

  private RecordListing(
      Context.CancellableContext calls, PageStream pages, Consumer<Unreadable> onUnreadable) {
    super(calls);
    this.pages = pages;
    this.onUnreadable = onUnreadable == null ? unheard::add : onUnreadable;
  }

  /** Starts before the first record. */
  static RecordListing open(Connection connection, String prefix, ListOptions options) {
    Context.CancellableContext calls = Context.current().withCancellation();
    PageStream pages = PageStream.of(connection, prefix, options, calls);
    return new RecordListing(calls, pages, options.onUnreadable());
  }

  @Override
  StoredRecord advance() {
    while (!records.hasNext()) {
      unreadable.forEach(row -> onUnreadable.accept(Messages.unreadable(row)));
      ListByPrefixResponse page = pages.next();
      if (page == null) {
        unheard.throwIfAny();
        return null;
      }
      records = page.getRecordsList().iterator();
      unreadable = page.getUnreadableList();
    }
    return Messages.record(records.next());
  }
}
