package io.pannier;

import io.grpc.ChannelCredentials;
import io.grpc.TlsChannelCredentials;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/**
 * TLS for the connection to the sidecar, with certificates and keys in PEM form.
 *
 * <pre>{@code
 * StoreBuilder builder = Pannier.builder().address("storage.example:50051").tls(Tls.systemRoots());
 * }</pre>
 *
 * <p>Immutable; each {@code with…} method returns a copy.
 */
public final class Tls {
  private final byte[] roots;
  private final byte[] chain;
  private final byte[] key;
  private final String serverName;

  private Tls(byte[] roots, byte[] chain, byte[] key, String serverName) {
    this.roots = roots;
    this.chain = chain;
    this.key = key;
    this.serverName = serverName;
  }

  /**
   * Trusts the certificate authorities that this Java knows.
   *
   * @return the settings
   */
  public static Tls systemRoots() {
    return new Tls(null, null, null, null);
  }

  /**
   * Trusts only the certificate authorities in a file.
   *
   * @param rootCertificates a PEM file, read at once
   * @return the settings
   * @throws UncheckedIOException the file cannot be read
   */
  public static Tls trusting(Path rootCertificates) {
    return trusting(read("rootCertificates", rootCertificates));
  }

  /**
   * Trusts only these certificate authorities.
   *
   * @param rootCertificates PEM text
   * @return the settings
   */
  public static Tls trusting(byte[] rootCertificates) {
    Objects.requireNonNull(rootCertificates, "rootCertificates");
    return new Tls(rootCertificates.clone(), null, null, null);
  }

  /**
   * Shows the sidecar a certificate (mutual TLS).
   *
   * @param certificateChain a PEM file with the client's certificate first, read at once
   * @param privateKey a PEM file with its key, in PKCS#8 and not encrypted, read at once
   * @return a copy of these settings
   * @throws UncheckedIOException a file cannot be read
   */
  public Tls withClientCertificate(Path certificateChain, Path privateKey) {
    return withClientCertificate(
        read("certificateChain", certificateChain), read("privateKey", privateKey));
  }

  /**
   * Shows the sidecar a certificate (mutual TLS).
   *
   * @param certificateChain PEM text with the client's certificate first
   * @param privateKey PEM text with its key, in PKCS#8 and not encrypted
   * @return a copy of these settings
   */
  public Tls withClientCertificate(byte[] certificateChain, byte[] privateKey) {
    Objects.requireNonNull(certificateChain, "certificateChain");
    Objects.requireNonNull(privateKey, "privateKey");
    return new Tls(roots, certificateChain.clone(), privateKey.clone(), serverName);
  }

  /**
   * Expects another name in the sidecar's certificate than the address's.
   *
   * @param serverName a host name
   * @return a copy of these settings
   */
  public Tls withServerName(String serverName) {
    return new Tls(roots, chain, key, Objects.requireNonNull(serverName, "serverName"));
  }

  /** Null for the address's. */
  String serverName() {
    return serverName;
  }

  ChannelCredentials credentials() {
    TlsChannelCredentials.Builder credentials = TlsChannelCredentials.newBuilder();
    try {
      if (roots != null) {
        credentials.trustManager(new ByteArrayInputStream(roots));
      }
      if (chain != null) {
        credentials.keyManager(new ByteArrayInputStream(chain), new ByteArrayInputStream(key));
      }
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return credentials.build();
  }

  private static byte[] read(String what, Path file) {
    Objects.requireNonNull(file, what);
    try {
      return Files.readAllBytes(file);
    } catch (IOException problem) {
      throw new UncheckedIOException("%s cannot be read".formatted(file), problem);
    }
  }
}
