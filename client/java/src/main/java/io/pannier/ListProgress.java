package io.pannier;

import io.grpc.Deadline;
import io.pannier.v1.ListByPrefixRequest;
import io.pannier.v1.ListByPrefixResponse;

/**
 * Where a list stands: what to ask for next, also after a break. No I/O.
 *
 * <p>A page counts when it was received whole. After a break the list goes on behind the last such
 * page, so no record comes twice and none is left out.
 */
final class ListProgress {
  private final int limit;
  private ListByPrefixRequest request;
  private int listed;
  private boolean ended;
  private Attempts breaking;

  /** Starts before the first page. */
  ListProgress(ListByPrefixRequest request) {
    this.request = request;
    this.limit = request.getLimit();
  }

  /** Tells whether the last page came, or the limit is reached. */
  boolean ended() {
    return ended;
  }

  /** Returns the request that goes on from here. */
  ListByPrefixRequest request() {
    return request;
  }

  /** Takes a page that was received. */
  void accept(ListByPrefixResponse page) {
    breaking = null;
    listed += page.getRecordsCount();
    String token = page.getNextPageToken();
    // A limit of 0 would ask for all, so a list that has its records must end here.
    ended = token.isEmpty() || (limit > 0 && listed >= limit);
    if (!ended) {
      ListByPrefixRequest.Builder next = request.toBuilder().setPageToken(token);
      request = (limit > 0 ? next.setLimit(limit - listed) : next).build();
    }
  }

  /**
   * Returns the attempts of the break that lasts: from the first failure after a page until the
   * next page.
   *
   * @param giveUp when a break that begins now has lasted too long
   */
  Attempts breaking(RetryPolicy policy, Deadline giveUp) {
    if (breaking == null) {
      breaking = new Attempts(policy, Safety.READ, giveUp);
    }
    return breaking;
  }
}
