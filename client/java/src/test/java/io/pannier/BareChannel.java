package io.pannier;

import io.grpc.Channel;
import io.grpc.Metadata;

/** The channel that a store would have, for those who measure what the store adds to it. */
public final class BareChannel implements AutoCloseable {
  private final SidecarChannel channel;

  private BareChannel(SidecarChannel channel) {
    this.channel = channel;
  }

  /**
   * Makes the channel; it connects with the first call.
   *
   * @param address as for {@link Pannier#connect(String)}
   * @return a channel, to be closed
   */
  public static BareChannel open(String address) {
    SidecarAddress place = SidecarAddress.parse(address);
    return new BareChannel(SidecarChannel.open(place, null, new Metadata()));
  }

  /**
   * Returns the channel as gRPC knows it.
   *
   * @return the channel for calls
   */
  public Channel calls() {
    return channel.calls();
  }

  @Override
  public void close() {
    channel.close();
  }
}
