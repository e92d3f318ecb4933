package io.pannier.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.pannier.CleanupResult;
import io.pannier.ListOptions;
import io.pannier.Listing;
import io.pannier.Page;
import io.pannier.Pannier;
import io.pannier.PannierStore;
import io.pannier.StoredRecord;
import java.util.Iterator;
import java.util.concurrent.atomic.AtomicInteger;

/** The calls of one scenario's store, made through the client's public API. */
final class Calls {
  private final PannierStore store;
  private final Control control;

  /** Takes the store, and the stage for what happens amid a call. */
  Calls(PannierStore store, Control control) {
    this.store = store;
    this.control = control;
  }

  /**
   * Makes a call and returns its result; throws whatever the client throws.
   *
   * @param name the call's name in the scenario
   */
  JsonObject call(String name, Arguments args) {
    return switch (name) {
      case "key" -> Results.object("key", Pannier.key(args.text("owner"), args.text("name")));
      case "prefix" ->
          Results.object("prefix", Pannier.prefix(args.text("owner"), args.text("name_start", "")));
      case "get" -> Results.record(store.get(args.text("key"), args.readOptions()));
      case "put" -> Results.written(store.put(args.text("key"), args.data(), args.writeOptions()));
      case "put_if_version" ->
          Results.written(
              store.putIfVersion(
                  args.text("key"),
                  args.data(),
                  args.expectedVersion(),
                  args.text("etag", ""),
                  args.writeOptions()));
      case "create" ->
          Results.written(store.create(args.text("key"), args.data(), args.writeOptions()));
      case "update" -> update(args);
      case "delete" -> delete(args);
      case "list" -> list(args);
      case "list_pages" -> listPages(args);
      case "cleanup_expired" -> cleanup(args);
      case "close" -> close();
      default -> throw new StageFailed("no call is named " + name);
    };
  }

  private JsonObject close() {
    store.close();
    return new JsonObject();
  }

  private JsonObject delete(Arguments args) {
    JsonObject json = new JsonObject();
    json.addProperty("deleted", store.delete(args.text("key"), args.deleteOptions()));
    return json;
  }

  private JsonObject cleanup(Arguments args) {
    CleanupResult found = store.cleanupExpired(args.text("prefix", ""), args.cleanupOptions());
    JsonObject json = new JsonObject();
    json.addProperty("removed", found.removed());
    json.addProperty("more", found.more());
    return json;
  }

  private JsonObject update(Arguments args) {
    AtomicInteger changes = new AtomicInteger();
    StoredRecord record =
        store.update(
            args.text("key"),
            data -> {
              if (changes.incrementAndGet() == 1 && args.has("on_first_change")) {
                control.send(args.object("on_first_change"));
              }
              return changed(data, new Arguments(args.object("change")));
            },
            args.updateOptions());
    JsonObject json = Results.record(record);
    json.addProperty("changes", changes.get());
    return json;
  }

  private static byte[] changed(byte[] data, Arguments wanted) {
    if (wanted.has("raise")) {
      throw new ChangeFailed(wanted.text("raise"));
    }
    if (wanted.has("keep")) {
      return null;
    }
    String text = new String(data, UTF_8);
    String after =
        wanted.has("append")
            ? text + wanted.text("append")
            : Long.toString(Long.parseLong(text) + wanted.number("add", 0));
    return after.getBytes(UTF_8);
  }

  private JsonObject list(Arguments args) {
    JsonArray unreadable = new JsonArray();
    ListOptions options = args.listOptions();
    if (args.has("name_unreadable")) {
      options = options.withOnUnreadable(row -> unreadable.add(Results.unreadable(row)));
    }
    JsonArray records = new JsonArray();
    int take = args.number("take", Integer.MAX_VALUE);
    try (Listing<StoredRecord> listing = store.list(args.text("prefix"), options)) {
      Iterator<StoredRecord> each = listing.iterator();
      while (records.size() < take && each.hasNext()) {
        records.add(Results.record(each.next()));
        if (records.size() == 1 && args.has("on_first_record")) {
          control.send(args.object("on_first_record"));
        }
      }
    }
    JsonObject json = new JsonObject();
    json.add("records", records);
    json.add("unreadable", unreadable);
    return json;
  }

  private JsonObject listPages(Arguments args) {
    JsonArray pages = new JsonArray();
    try (Listing<Page> listing = store.listPages(args.text("prefix"), args.listOptions())) {
      listing.forEach(page -> pages.add(Results.page(page)));
    }
    JsonObject json = new JsonObject();
    json.add("pages", pages);
    return json;
  }
}
