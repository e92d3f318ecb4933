package io.pannier;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptors;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import io.grpc.stub.MetadataUtils;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The gRPC channel to a sidecar: one connection, and the one thread that reads and writes it.
 *
 * <p>It uses the JDK's own sockets, Unix sockets too, so that it is the same on every platform.
 */
final class SidecarChannel {
  /** A page may hold one record, whose data is under 4 MiB, gRPC's own limit. */
  private static final int MAX_MESSAGE_BYTES = 8 * 1024 * 1024;

  private static final int CONNECT_TIMEOUT_MILLIS = 3_000;
  private static final long RECONNECT_INTERVAL_NANOS = 100_000_000;

  /** How long gRPC must be done before its thread ends. */
  private static final int QUIET_SECONDS = 1;

  private final SidecarAddress address;
  private final ManagedChannel managed;
  private final EventLoopGroup thread;
  private final Channel calls;
  private final AtomicLong reconnected = new AtomicLong(System.nanoTime());

  /** The calls that run, and one for the store as long as it is open. */
  private final AtomicInteger users = new AtomicInteger(1);

  private SidecarChannel(
      SidecarAddress address, ManagedChannel managed, EventLoopGroup thread, Metadata metadata) {
    this.address = address;
    this.managed = managed;
    this.thread = thread;
    this.calls =
        metadata.keys().isEmpty()
            ? managed
            : ClientInterceptors.intercept(
                managed, MetadataUtils.newAttachHeadersInterceptor(metadata));
  }

  /**
   * Makes the channel; it connects with the first call.
   *
   * @param tls null for a plain connection
   * @param metadata sent with each call
   * @throws IllegalArgumentException TLS cannot be made of what is there, or nothing can be at the
   *     address
   */
  static SidecarChannel open(SidecarAddress address, Tls tls, Metadata metadata) {
    NettyChannelBuilder builder =
        builder(address, tls == null ? InsecureChannelCredentials.create() : tls.credentials())
            .maxInboundMessageSize(MAX_MESSAGE_BYTES)
            // A sidecar is local; https_proxy must not reroute calls to it.
            .proxyDetector(target -> null)
            // Without a service config gRPC sends a call again only where no sidecar can have
            // handled it. All other retries are made here, where request ids and outcomes are
            // known.
            .disableServiceConfigLookUp();
    if (tls != null && tls.serverName() != null) {
      builder.overrideAuthority(tls.serverName());
    }
    Metadata copy = new Metadata();
    copy.merge(metadata);
    EventLoopGroup thread =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("pannier-io", true), NioIoHandler.newFactory());
    try {
      ManagedChannel managed = builder.eventLoopGroup(thread).build();
      return new SidecarChannel(address, managed, thread, copy);
    } catch (RuntimeException refused) {
      // It has a selector open already.
      thread.shutdownGracefully(0, 0, SECONDS).awaitUninterruptibly(QUIET_SECONDS, SECONDS);
      throw refused;
    }
  }

  private static NettyChannelBuilder builder(
      SidecarAddress address, ChannelCredentials credentials) {
    if (address.socket() == null) {
      return NettyChannelBuilder.forTarget("dns:///" + address.text(), credentials)
          .channelType(NioSocketChannel.class, InetSocketAddress.class)
          .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS);
    }
    UnixDomainSocketAddress socket = UnixDomainSocketAddress.of(address.socket());
    return NettyChannelBuilder.forAddress(socket, credentials)
        .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
        // The path would be no valid authority, and no name in a certificate.
        .overrideAuthority("localhost")
        // gRPC sets it for every socket; a Unix socket has none, and Netty would log a warning.
        .withOption(ChannelOption.SO_KEEPALIVE, null);
  }

  /** Where the sidecar is, as people write it. */
  String address() {
    return address.text();
  }

  /** The channel for calls. */
  Channel calls() {
    return calls;
  }

  /**
   * Lets the channel connect at once where it waits to do so again. By itself it waits up to two
   * minutes; a sidecar that was restarted should be found sooner.
   */
  void reconnect() {
    long now = System.nanoTime();
    long last = reconnected.get();
    if (now - last >= RECONNECT_INTERVAL_NANOS && reconnected.compareAndSet(last, now)) {
      managed.resetConnectBackoff();
    }
  }

  /**
   * Lets a call begin. gRPC schedules on the channel's thread, and a call without one would hang,
   * so the thread stays until the last call has left.
   *
   * @return false where the channel is closed and its thread may have ended
   */
  boolean enter() {
    return users.getAndUpdate(count -> count == 0 ? 0 : count + 1) > 0;
  }

  /** Tells that a call which has entered is over. */
  @SuppressWarnings("FutureReturnValueIgnored")
  void leave() {
    if (users.decrementAndGet() == 0) {
      thread.shutdownGracefully(QUIET_SECONDS, 10 * QUIET_SECONDS, SECONDS);
    }
  }

  /** Ends the calls that run, and the connection; to be called once. */
  void close() {
    managed.shutdownNow();
    leave();
  }
}
