package io.pannier;

/** A program that closes neither its store nor its list. */
final class Unclosed {
  private static Listing<StoredRecord> records;

  private Unclosed() {}

  public static void main(String[] arguments) {
    PannierStore store = Pannier.connect(arguments[0]);
    store.get("o:a");
    records = store.list("o:");
    System.out.println(records.iterator().next().key());
  }
}
