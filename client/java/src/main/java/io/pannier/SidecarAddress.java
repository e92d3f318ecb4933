package io.pannier;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Where a sidecar is.
 *
 * @param text as people write it: {@code unix:PATH} or {@code HOST:PORT}
 * @param socket the absolute path of a Unix socket; null for a TCP address
 */
record SidecarAddress(String text, Path socket) {
  private static final String UNIX = "unix:";
  private static final String FORMS = "use \"unix:/path/to/socket\" or \"host:port\"";

  /** What sun_path of unix(7) holds, less its final zero byte. */
  private static final int MAX_SOCKET_PATH_BYTES = 107;

  /**
   * Reads an address. A relative socket path is taken from the working directory.
   *
   * @throws IllegalArgumentException it is neither of the two
   */
  static SidecarAddress parse(String text) {
    if (text.startsWith(UNIX)) {
      return new SidecarAddress(text, socketPath(text));
    }
    checkHostAndPort(text);
    return new SidecarAddress(text, null);
  }

  private static Path socketPath(String text) {
    String path = text.substring(UNIX.length());
    if (path.startsWith("//") && !path.startsWith("///")) {
      throw wrong(text, "has two slashes; use one or three: unix:/path");
    }
    if (path.isEmpty()) {
      throw wrong(text, "has no path; " + FORMS);
    }
    Path absolute = Path.of(path).toAbsolutePath().normalize();
    if (absolute.toString().getBytes(StandardCharsets.UTF_8).length > MAX_SOCKET_PATH_BYTES) {
      throw wrong(text, "is too long: the path of a socket has at most 107 bytes");
    }
    return absolute;
  }

  private static void checkHostAndPort(String text) {
    int colon = text.lastIndexOf(':');
    String host = text.substring(0, Math.max(colon, 0));
    boolean inBrackets = host.startsWith("[") && host.endsWith("]");
    if (host.isEmpty() || text.indexOf('/') >= 0 || (host.indexOf(':') >= 0 && !inBrackets)) {
      throw wrong(text, "is no address of a sidecar; " + FORMS);
    }
    if (!isPort(text.substring(colon + 1))) {
      throw wrong(text, "has no port from 1 to 65535; " + FORMS);
    }
  }

  private static boolean isPort(String digits) {
    if (digits.isEmpty() || digits.length() > 5) {
      return false;
    }
    for (int i = 0; i < digits.length(); i++) {
      if (digits.charAt(i) < '0' || digits.charAt(i) > '9') {
        return false;
      }
    }
    int port = Integer.parseInt(digits);
    return port > 0 && port < 65_536;
  }

  private static IllegalArgumentException wrong(String text, String problem) {
    return new IllegalArgumentException("the address \"%s\" %s".formatted(text, problem));
  }
}
