package io.pannier.conformance;

import com.google.gson.JsonObject;
import com.google.protobuf.ByteString;
import com.sun.management.OperatingSystemMXBean;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.pannier.Pannier;
import io.pannier.PannierStore;
import io.pannier.StoredRecord;
import io.pannier.v1.GetRequest;
import io.pannier.v1.PutIfVersionRequest;
import io.pannier.v1.PutIfVersionResponse;
import io.pannier.v1.Record;
import io.pannier.v1.StorageBackendGrpc;
import io.pannier.v1.StorageBackendGrpc.StorageBackendBlockingStub;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.logging.Level;
import java.util.logging.Logger;

/** What the client costs over its bare generated stub. */
final class Overhead {
  private static final byte[] DATA = new byte[1000];

  /** So many that what runs is compiled. */
  private static final int WARM_UP_CALLS = 10_000;

  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  /** Netty warns that a Unix socket has no SO_KEEPALIVE, which gRPC asks for by itself. */
  private static final Logger NETTY = Logger.getLogger("io.grpc.netty");

  private final StorageBackendBlockingStub stub;
  private final PannierStore store;
  private final String key = Pannier.key("overhead", UUID.randomUUID().toString());

  private Overhead(StorageBackendBlockingStub stub, PannierStore store) {
    this.stub = stub;
    this.store = store;
  }

  /** Measures both, and returns the medians. */
  static JsonObject measure(String address, int calls, int rounds) {
    NETTY.setLevel(Level.SEVERE);
    ManagedChannel channel =
        Grpc.newChannelBuilder(address, InsecureChannelCredentials.create()).build();
    try (PannierStore store = Pannier.connect(address)) {
      Overhead overhead = new Overhead(StorageBackendGrpc.newBlockingStub(channel), store);
      store.put(overhead.key, DATA);
      JsonObject found = new JsonObject();
      found.add("get", compare(overhead::stubGets, overhead::clientGets, calls, rounds));
      found.add("put_if_version", compare(overhead::stubPuts, overhead::clientPuts, calls, rounds));
      return found;
    } finally {
      channel.shutdownNow();
    }
  }

  private static JsonObject compare(IntConsumer stub, IntConsumer client, int calls, int rounds) {
    stub.accept(WARM_UP_CALLS);
    client.accept(WARM_UP_CALLS);
    double[][] stubTimes = new double[2][rounds];
    double[][] clientTimes = new double[2][rounds];
    for (int round = 0; round < rounds; round++) {
      // In odd rounds, counted from 1, the stub is first.
      boolean stubFirst = round % 2 == 0;
      for (boolean isStub : List.of(stubFirst, !stubFirst)) {
        time(isStub ? stub : client, calls, isStub ? stubTimes : clientTimes, round);
      }
    }
    JsonObject medians = new JsonObject();
    medians.addProperty("stub_wall", median(stubTimes[0]));
    medians.addProperty("client_wall", median(clientTimes[0]));
    medians.addProperty("stub_cpu", median(stubTimes[1]));
    medians.addProperty("client_cpu", median(clientTimes[1]));
    return medians;
  }

  private static void time(IntConsumer contender, int calls, double[][] times, int round) {
    long wall = System.nanoTime();
    long cpu = SYSTEM.getProcessCpuTime();
    contender.accept(calls);
    times[0][round] = (System.nanoTime() - wall) / 1e3 / calls;
    times[1][round] = (SYSTEM.getProcessCpuTime() - cpu) / 1e3 / calls;
  }

  private static double median(double[] times) {
    double[] sorted = times.clone();
    Arrays.sort(sorted);
    int half = sorted.length / 2;
    double middle = sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    return Math.round(middle * 100) / 100.0;
  }

  private StorageBackendBlockingStub timed() {
    return stub.withDeadlineAfter(10, TimeUnit.SECONDS);
  }

  private void stubGets(int calls) {
    for (int i = 0; i < calls; i++) {
      Record record = timed().get(GetRequest.newBuilder().setKey(key).build()).getRecord();
      check(record.getData().size(), record.getVersion(), record.getEtag());
    }
  }

  private void clientGets(int calls) {
    for (int i = 0; i < calls; i++) {
      StoredRecord record = store.get(key);
      check(record.data().length, record.version(), record.etag());
    }
  }

  private void stubPuts(int calls) {
    long version =
        timed().get(GetRequest.newBuilder().setKey(key).build()).getRecord().getVersion();
    for (int i = 0; i < calls; i++) {
      PutIfVersionRequest request =
          PutIfVersionRequest.newBuilder()
              .setKey(key)
              .setData(ByteString.copyFrom(DATA))
              .setRequestId(UUID.randomUUID().toString())
              .setExpectedVersion(version)
              .build();
      PutIfVersionResponse answer = timed().putIfVersion(request);
      version = answer.getVersion();
      check(DATA.length, version, answer.getEtag());
    }
  }

  private void clientPuts(int calls) {
    long version = store.get(key).version();
    for (int i = 0; i < calls; i++) {
      version = store.putIfVersion(key, DATA, version).version();
    }
  }

  private static void check(int size, long version, String etag) {
    if (size != DATA.length || version == 0 || etag.isEmpty()) {
      throw new IllegalStateException("the sidecar answered something else");
    }
  }
}
