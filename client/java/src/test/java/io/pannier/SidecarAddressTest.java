package io.pannier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an address means, and which are refused. */
class SidecarAddressTest {
  @Test
  void aUnixAddressIsTheAbsolutePathOfItsSocket() {
    assertEquals(Path.of("/run/p.sock"), SidecarAddress.parse("unix:/run/p.sock").socket());
    assertEquals(Path.of("/run/p.sock"), SidecarAddress.parse("unix:///run/p.sock").socket());
    Path here = Path.of("").toAbsolutePath();
    assertEquals(here.resolve("p.sock"), SidecarAddress.parse("unix:p.sock").socket());
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost:1", "127.0.0.1:65535", "[::1]:50051", "storage.example:443"})
  void hostAndPortAreTaken(String address) {
    assertNull(SidecarAddress.parse(address).socket());
    assertEquals(address, SidecarAddress.parse(address).text());
  }

  @ParameterizedTest
  @CsvSource({
    "localhost, no address",
    "':50051', no address",
    "'::1:50051', no address",
    "http://localhost:50051, no address",
    "'localhost:', no port",
    "localhost:0, no port",
    "localhost:65536, no port",
    "localhost:5005x, no port",
    "'localhost:+443', no port",
    "unix:, no path",
    "unix://host/path, two slashes",
  })
  void anythingElseIsRefusedWithTheFormsThatAreTaken(String address, String why) {
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> Pannier.connect(address));
    assertTrue(error.getMessage().contains(why), error.getMessage());
    assertTrue(error.getMessage().contains("use "), error.getMessage());
  }

  @Test
  void aPathThatNoSocketCanHaveIsRefused() {
    assertEquals(
        107, SidecarAddress.parse("unix:/" + "a".repeat(106)).socket().toString().length());
    assertThrows(
        IllegalArgumentException.class, () -> SidecarAddress.parse("unix:/" + "a".repeat(107)));
  }
}
