package io.pannier;

import io.grpc.Attributes;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;

/**
 * Whether a call was handed to a connection. Until then nothing of it can have reached the sidecar,
 * whatever its error says.
 */
final class Delivery extends ClientStreamTracer.Factory {
  private volatile boolean begun;

  private final ClientStreamTracer tracer =
      new ClientStreamTracer() {
        @Override
        public void streamCreated(Attributes transport, Metadata headers) {
          begun = true;
        }
      };

  /** Called for each time that gRPC sends the call: again only if nobody can have handled it. */
  @Override
  public ClientStreamTracer newClientStreamTracer(
      ClientStreamTracer.StreamInfo info, Metadata headers) {
    begun = false;
    return tracer;
  }

  /** Tells whether something of the call may have been sent. */
  boolean begun() {
    return begun;
  }
}
