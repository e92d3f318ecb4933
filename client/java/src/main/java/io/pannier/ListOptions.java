package io.pannier;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * What a list holds and how it is fetched: {@code
 * ListOptions.defaults().withOrder(Order.DESCENDING).withLimit(10)}.
 *
 * <p>Immutable; each {@code with…} method returns a copy.
 */
public final class ListOptions {
  private static final ListOptions DEFAULTS = new ListOptions();

  private int pageSize;
  private String pageToken = "";
  private int limit;
  private boolean keysOnly;
  private Order order = Order.ASCENDING;
  private Consistency consistency = Consistency.STRONG;
  private Consumer<Unreadable> onUnreadable;
  private Duration timeout;

  private ListOptions() {}

  private ListOptions(ListOptions from) {
    this.pageSize = from.pageSize;
    this.pageToken = from.pageToken;
    this.limit = from.limit;
    this.keysOnly = from.keysOnly;
    this.order = from.order;
    this.consistency = from.consistency;
    this.onUnreadable = from.onUnreadable;
    this.timeout = from.timeout;
  }

  /**
   * Returns the options of a list of all records, ascending and strongly consistent.
   *
   * @return the options
   */
  public static ListOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Sets how many records are fetched at a time.
   *
   * @param pageSize from 0 up; 0 (the default) for the sidecar's default of 100, and more than
   *     1,000 is lowered to that
   * @return a copy of these options
   * @throws IllegalArgumentException the size is below 0
   */
  public ListOptions withPageSize(int pageSize) {
    ListOptions copy = new ListOptions(this);
    copy.pageSize = notNegative("pageSize", pageSize);
    return copy;
  }

  /**
   * Sets where the list begins.
   *
   * @param pageToken a page's {@link Page#nextPageToken()}, to go on behind it; empty (the default)
   *     for the start. It is bound to prefix and order
   * @return a copy of these options
   */
  public ListOptions withPageToken(String pageToken) {
    ListOptions copy = new ListOptions(this);
    copy.pageToken = Objects.requireNonNull(pageToken, "pageToken");
    return copy;
  }

  /**
   * Sets the most records that the list has.
   *
   * @param limit from 0 up; 0 (the default) for all
   * @return a copy of these options
   * @throws IllegalArgumentException the limit is below 0
   */
  public ListOptions withLimit(int limit) {
    ListOptions copy = new ListOptions(this);
    copy.limit = notNegative("limit", limit);
    return copy;
  }

  /**
   * Leaves the data out. The store is read all the same.
   *
   * @return a copy of these options
   */
  public ListOptions withKeysOnly() {
    ListOptions copy = new ListOptions(this);
    copy.keysOnly = true;
    return copy;
  }

  /**
   * Sets the order.
   *
   * @param order ascending (the default) or descending
   * @return a copy of these options
   */
  public ListOptions withOrder(Order order) {
    ListOptions copy = new ListOptions(this);
    copy.order = Objects.requireNonNull(order, "order");
    return copy;
  }

  /**
   * Sets how fresh the reads must be.
   *
   * @param consistency strong (the default) or eventual
   * @return a copy of these options
   */
  public ListOptions withConsistency(Consistency consistency) {
    ListOptions copy = new ListOptions(this);
    copy.consistency = Objects.requireNonNull(consistency, "consistency");
    return copy;
  }

  /**
   * Sets who hears of stored rows that cannot be read as records, amid the list. Without it {@link
   * PannierStore#list} ends with {@link UnreadableRecordsException}. {@link
   * PannierStore#listPages}, whose pages name such rows, does not call it.
   *
   * @param onUnreadable called by the thread that reads the list, after the page's records
   * @return a copy of these options
   */
  public ListOptions withOnUnreadable(Consumer<Unreadable> onUnreadable) {
    ListOptions copy = new ListOptions(this);
    copy.onUnreadable = Objects.requireNonNull(onUnreadable, "onUnreadable");
    return copy;
  }

  /**
   * Sets the time for the whole list, the reader's own included, from its first read on.
   *
   * @param timeout above 0; default: no limit. Either way a break that lasts as long as the store's
   *     timeout ends the list with its error
   * @return a copy of these options
   * @throws IllegalArgumentException the timeout is not above 0
   */
  public ListOptions withTimeout(Duration timeout) {
    ListOptions copy = new ListOptions(this);
    copy.timeout = Timeouts.checked(timeout);
    return copy;
  }

  int pageSize() {
    return pageSize;
  }

  String pageToken() {
    return pageToken;
  }

  int limit() {
    return limit;
  }

  boolean keysOnly() {
    return keysOnly;
  }

  Order order() {
    return order;
  }

  Consistency consistency() {
    return consistency;
  }

  /** Null where nobody wants to hear of them. */
  Consumer<Unreadable> onUnreadable() {
    return onUnreadable;
  }

  /** Null for no limit. */
  Duration timeout() {
    return timeout;
  }

  private static int notNegative(String name, int number) {
    if (number < 0) {
      throw new IllegalArgumentException("%s must be 0 or more, not %d".formatted(name, number));
    }
    return number;
  }
}
