package io.pannier;

import io.grpc.Context;
import io.pannier.v1.ListByPrefixResponse;

/** A list of pages. */
final class PageListing extends RemoteListing<Page> {
  private final PageStream pages;

  private PageListing(Context.CancellableContext calls, PageStream pages) {
    super(calls);
    this.pages = pages;
  }

  /** Starts before the first page. */
  static PageListing open(Connection connection, String prefix, ListOptions options) {
    Context.CancellableContext calls = Context.current().withCancellation();
    return new PageListing(calls, PageStream.of(connection, prefix, options, calls));
  }

  @Override
  Page advance() {
    ListByPrefixResponse page = pages.next();
    return page == null ? null : Messages.page(page);
  }
}
