package io.pannier;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whom a store trusts, and whom it shows itself to. */
class TlsTest {
  private static final String PASSWORD = "password";

  @TempDir private Path folder;

  @Test
  void bothSidesKnowEachOther() throws Exception {
    Identity server = identity("server", "storage.example");
    Identity client = identity("client", "client.example");
    ServerCredentials credentials =
        TlsServerCredentials.newBuilder()
            .keyManager(stream(server.certificate()), stream(server.key()))
            .trustManager(stream(client.certificate()))
            .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
            .build();
    Tls tls =
        Tls.trusting(write("ca.pem", server.certificate()))
            .withClientCertificate(
                write("client.pem", client.certificate()), write("client.key", client.key()))
            .withServerName("storage.example");
    try (ScriptedSidecar sidecar = ScriptedSidecar.start(credentials)) {
      assertEquals("1", get(sidecar, tls));
      Tls nobody =
          Tls.trusting(server.certificate().getBytes(US_ASCII)).withServerName("storage.example");
      assertThrows(UnavailableException.class, () -> get(sidecar, nobody));
    }
  }

  @Test
  void aCertificateOfAnotherNameOrAuthorityIsRefused() throws Exception {
    Identity server = identity("server", "storage.example");
    ServerCredentials credentials =
        TlsServerCredentials.create(stream(server.certificate()), stream(server.key()));
    try (ScriptedSidecar sidecar = ScriptedSidecar.start(credentials)) {
      Tls right =
          Tls.trusting(server.certificate().getBytes(US_ASCII)).withServerName("storage.example");
      assertEquals("1", get(sidecar, right));
      Tls otherName = right.withServerName("other.example");
      assertThrows(UnavailableException.class, () -> get(sidecar, otherName));
      Tls otherRoots = Tls.systemRoots().withServerName("storage.example");
      assertThrows(UnavailableException.class, () -> get(sidecar, otherRoots));
    }
  }

  @Test
  void aFileThatIsNotThereIsNamed() {
    Path none = folder.resolve("none.pem");
    UncheckedIOException error = assertThrows(UncheckedIOException.class, () -> Tls.trusting(none));
    assertEquals(none + " cannot be read", error.getMessage());
  }

  /**
   * A self-signed certificate and its key, in PEM form.
   *
   * @param certificate that it shows, and by which it is trusted
   * @param key in PKCS#8
   */
  private record Identity(String certificate, String key) {}

  private static String get(ScriptedSidecar sidecar, Tls tls) {
    try (PannierStore store =
        Pannier.builder()
            .address(sidecar.address())
            .tls(tls)
            .retries(RetryPolicy.none())
            .timeout(Duration.ofSeconds(30))
            .connect()) {
      return store.get("o:a").dataAsText();
    }
  }

  private Identity identity(String name, String host) throws Exception {
    Path file = folder.resolve(name + ".p12");
    Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
    new ProcessBuilder(
            keytool.toString(),
            "-genkeypair",
            "-keystore",
            file.toString(),
            "-alias",
            name,
            "-storepass",
            PASSWORD,
            "-keyalg",
            "EC",
            "-dname",
            "CN=" + name,
            "-ext",
            "san=dns:" + host)
        .inheritIO()
        .start()
        .waitFor();
    return read(file, name);
  }

  private static Identity read(Path file, String name)
      throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream content = Files.newInputStream(file)) {
      store.load(content, PASSWORD.toCharArray());
    }
    byte[] key = store.getKey(name, PASSWORD.toCharArray()).getEncoded();
    return new Identity(
        pem("CERTIFICATE", store.getCertificate(name).getEncoded()), pem("PRIVATE KEY", key));
  }

  private static String pem(String what, byte[] content) {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
    return "-----BEGIN %1$s-----%n%2$s%n-----END %1$s-----%n".formatted(what, text);
  }

  private Path write(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content);
  }

  private static InputStream stream(String content) {
    return new ByteArrayInputStream(content.getBytes(US_ASCII));
  }
}
