package io.pannier;

import static java.nio.file.attribute.PosixFilePermissions.fromString;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which address is used when none is given, and that nobody else can offer it. */
class DefaultSocketTest {
  @TempDir private Path temporary;
  private String directory;

  @BeforeEach
  void nameTheDirectory() throws IOException {
    directory = "pannier-" + Files.getAttribute(temporary, "unix:uid");
  }

  @Test
  void theEnvironmentNamesTheAddress() {
    Map<String, String> environment =
        Map.of("PANNIER_ADDRESS", "localhost:7", "XDG_RUNTIME_DIR", "/run/user/1");
    assertEquals("localhost:7", DefaultSocket.address(environment));
  }

  @Test
  void theRuntimeDirectoryComesNext() {
    Map<String, String> environment =
        Map.of("PANNIER_ADDRESS", "", "XDG_RUNTIME_DIR", "/run/user/1");
    assertEquals("unix:/run/user/1/pannier/pannier.sock", DefaultSocket.address(environment));
  }

  @Test
  void elseItIsADirectoryOfOurOwnAmongTemporaryFiles() throws IOException {
    Path expected = temporary.resolve(directory).resolve("pannier.sock");
    assertEquals("unix:" + expected, DefaultSocket.address(inTemporary("relative")));
    assertEquals(fromString("rwx------"), Files.getPosixFilePermissions(expected.getParent()));
    assertEquals("unix:" + expected, DefaultSocket.address(inTemporary("")));
    try (Stream<Path> left = Files.list(temporary)) {
      assertEquals(List.of(expected.getParent()), left.toList());
    }
  }

  @Test
  void aTemporaryDirectoryThatIsNotThereIsPassedOver() {
    Map<String, String> environment =
        Map.of("TMPDIR", temporary + "/none", "TEMP", "", "TMP", temporary.toString());
    assertTrue(DefaultSocket.path(environment).startsWith(temporary));
    assertTrue(DefaultSocket.path(Map.of()).startsWith("/tmp"));
  }

  @Test
  void aDirectoryThatOthersMayWriteToIsRefused() throws IOException {
    Path open = Files.createDirectory(temporary.resolve(directory));
    Files.setPosixFilePermissions(open, fromString("rwxrwx---"));
    assertRefused("other users");
  }

  @Test
  void aLinkIsRefused() throws IOException {
    Path elsewhere = Files.createDirectory(temporary.resolve("elsewhere"));
    Files.createSymbolicLink(temporary.resolve(directory), elsewhere);
    assertRefused("not a directory of this user");
  }

  @Test
  void whereFilesHaveNoOwnerThereIsNoDefaultSocket() throws IOException {
    URI archive = URI.create("jar:" + temporary.resolve("a.zip").toUri());
    try (FileSystem files = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
      Path root = files.getPath("/");
      IllegalStateException error =
          assertThrows(IllegalStateException.class, () -> DefaultSocket.ownUid(root));
      assertTrue(error.getMessage().contains("PANNIER_ADDRESS"), error.getMessage());
    }
  }

  private void assertRefused(String why) {
    IllegalStateException error =
        assertThrows(
            IllegalStateException.class, () -> DefaultSocket.address(inTemporary("relative")));
    assertTrue(error.getMessage().contains(why), error.getMessage());
    assertTrue(error.getMessage().contains("PANNIER_ADDRESS"), error.getMessage());
  }

  private Map<String, String> inTemporary(String runtime) {
    return Map.of("XDG_RUNTIME_DIR", runtime, "TMPDIR", temporary.toString());
  }
}
