package io.pannier;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What stores leave behind in a process: nothing that keeps it alive, and nothing open. */
class LeftOversTest {
  private static final UnixOperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(UnixOperatingSystemMXBean.class);

  @Test
  void aProgramEndsThoughItsStoreIsOpen() throws Exception {
    try (ScriptedSidecar sidecar = ScriptedSidecar.start()) {
      sidecar.will(
          ScriptedSidecar.PASS,
          (caller, usual) -> caller.onNext(ScriptedSidecar.page("t", "o:b", "o:c")));
      Process program =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Unclosed.class.getName(),
                  sidecar.address())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      assertEquals("o:b\n", new String(program.getInputStream().readAllBytes(), UTF_8));
      assertEquals(0, program.waitFor());
    }
  }

  @Test
  void anAddressThatIsRefusedLeavesNoFileOpen() {
    assertRefused();
    long before = SYSTEM.getOpenFileDescriptorCount();
    for (int i = 0; i < 100; i++) {
      assertRefused();
    }
    assertTrue(SYSTEM.getOpenFileDescriptorCount() < before + 100);
  }

  private static void assertRefused() {
    assertThrows(IllegalArgumentException.class, () -> Pannier.connect("no host:1"));
  }
}
