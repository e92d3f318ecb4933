package io.pannier;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** The address that is used when none is given. */
final class DefaultSocket {
  static final String ADDRESS_VARIABLE = "PANNIER_ADDRESS";

  private static final int DIRECTORY = 0040000;
  private static final int FILE_TYPE = 0170000;
  private static final int WRITABLE_BY_OTHERS = 0022;
  private static final String WAY_OUT =
      "set " + ADDRESS_VARIABLE + ", or XDG_RUNTIME_DIR to a directory of your own";

  private DefaultSocket() {}

  /** Returns the address in the environment, or that of the default socket. */
  static String address(Map<String, String> environment) {
    String address = environment.getOrDefault(ADDRESS_VARIABLE, "");
    if (!address.isEmpty()) {
      return address;
    }
    Path socket = path(environment);
    if (runtimeDirectory(environment) == null) {
      claim(socket.getParent());
    }
    return "unix:" + socket;
  }

  /** Returns the socket that sidecar and clients use when nothing else is said. */
  static Path path(Map<String, String> environment) {
    Path runtime = runtimeDirectory(environment);
    if (runtime != null) {
      return runtime.resolve("pannier/pannier.sock");
    }
    Path temporary = temporaryDirectory(environment);
    return temporary.resolve("pannier-" + ownUid(temporary)).resolve("pannier.sock");
  }

  /**
   * Returns the uid of this process, which only files tell: that of a new one.
   *
   * @throws IllegalStateException files have no uid here, as on Windows
   */
  static int ownUid(Path temporary) {
    if (!temporary.getFileSystem().supportedFileAttributeViews().contains("unix")) {
      throw new IllegalStateException(
          "there is no default socket on this system; set %s, or give an address"
              .formatted(ADDRESS_VARIABLE));
    }
    try {
      Path ours = Files.createTempFile(temporary, "pannier-", ".uid");
      try {
        return (Integer) Files.getAttribute(ours, "unix:uid");
      } finally {
        Files.delete(ours);
      }
    } catch (IOException problem) {
      throw new UncheckedIOException(problem);
    }
  }

  /**
   * Makes sure that a socket's directory is this user's alone; creates it if it is absent.
   *
   * <p>In a directory where everyone may write, someone else could have made it first and put a
   * socket of their own there. Once it is ours, the sticky bit keeps it ours.
   *
   * @throws IllegalStateException it is someone else's, others may write to it, or it is no
   *     directory
   */
  static void claim(Path directory) {
    try {
      create(directory);
      Map<String, Object> found =
          Files.readAttributes(directory, "unix:uid,mode", LinkOption.NOFOLLOW_LINKS);
      int mode = (Integer) found.get("mode");
      boolean isOurs = found.get("uid").equals(ownUid(directory.getParent()));
      if ((mode & FILE_TYPE) != DIRECTORY || !isOurs) {
        throw new IllegalStateException(directory + " is not a directory of this user; " + WAY_OUT);
      }
      if ((mode & WRITABLE_BY_OTHERS) != 0) {
        throw new IllegalStateException(directory + " can be written by other users; " + WAY_OUT);
      }
    } catch (IOException problem) {
      throw new UncheckedIOException(problem);
    }
  }

  private static void create(Path directory) throws IOException {
    var ours = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    try {
      Files.createDirectory(directory, ours);
    } catch (FileAlreadyExistsException known) {
      // Whose it is will be seen.
    }
  }

  /** Null where the variable is unset, empty or relative (XDG Base Directory Specification). */
  private static Path runtimeDirectory(Map<String, String> environment) {
    Path runtime = Path.of(environment.getOrDefault("XDG_RUNTIME_DIR", ""));
    return runtime.isAbsolute() ? runtime : null;
  }

  /** The sidecar's rule, which is Python's: java.io.tmpdir does not know these variables. */
  private static Path temporaryDirectory(Map<String, String> environment) {
    Stream<String> named = Stream.of("TMPDIR", "TEMP", "TMP").map(environment::get);
    return Stream.concat(named, Stream.of("/tmp", "/var/tmp", "/usr/tmp"))
        .filter(Objects::nonNull)
        .filter(name -> !name.isEmpty())
        .map(name -> Path.of(name).toAbsolutePath())
        .filter(path -> Files.isDirectory(path) && Files.isWritable(path))
        .findFirst()
        .orElseGet(() -> Path.of("").toAbsolutePath());
  }
}
