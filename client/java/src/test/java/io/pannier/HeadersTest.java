package io.pannier;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.grpc.Metadata;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** Tokens and metadata go with every call. */
class HeadersTest {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> TENANT =
      Metadata.Key.of("x-tenant", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<byte[]> TRACE =
      Metadata.Key.of("x-trace-bin", Metadata.BINARY_BYTE_MARSHALLER);

  @Test
  void allOfThemGoWithUnaryCallsAndLists() throws Exception {
    try (ScriptedSidecar sidecar = ScriptedSidecar.start();
        PannierStore store =
            Pannier.builder()
                .address(sidecar.address())
                .token("first")
                .token("open-sesame")
                .metadata("x-tenant", "a")
                .metadata("x-tenant", "b")
                .metadata("x-trace-bin", new byte[] {0, -1})
                .connect()) {
      store.get("o:a");
      assertFalse(store.list("o:").iterator().hasNext());
      for (int i = 0; i < 2; i++) {
        Metadata seen = sidecar.headers.take();
        assertEquals(List.of("Bearer open-sesame"), all(seen, AUTHORIZATION));
        assertEquals(List.of("a", "b"), all(seen, TENANT));
        assertArrayEquals(new byte[] {0, -1}, seen.get(TRACE));
      }
    }
  }

  @Test
  void aStoreKeepsTheHeadersThatItWasMadeWith() throws Exception {
    try (ScriptedSidecar sidecar = ScriptedSidecar.start()) {
      StoreBuilder builder = Pannier.builder().address(sidecar.address());
      try (PannierStore store = builder.token("one").connect()) {
        builder.token("two");
        store.get("o:a");
        assertEquals(List.of("Bearer one"), all(sidecar.headers.take(), AUTHORIZATION));
      }
    }
  }

  private static List<String> all(Metadata headers, Metadata.Key<String> name) {
    return StreamSupport.stream(headers.getAll(name).spliterator(), false).toList();
  }
}
