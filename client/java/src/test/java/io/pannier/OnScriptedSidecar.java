package io.pannier;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Tests of a store; each has a scripted sidecar and a store of its own. */
abstract class OnScriptedSidecar {
  ScriptedSidecar sidecar;
  PannierStore store;

  @BeforeEach
  void open() throws IOException {
    sidecar = ScriptedSidecar.start();
    store = Pannier.connect(sidecar.address());
  }

  @AfterEach
  void close() {
    store.close();
    sidecar.close();
  }
}
