package io.pannier.conformance;

import com.google.gson.JsonObject;
import com.google.protobuf.ByteString;
import com.sun.management.ThreadMXBean;
import io.pannier.BareChannel;
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

/** What the client costs over its bare generated stub. */
final class Overhead {
  private static final byte[] DATA = new byte[1000];

  /** Of each kind and way: so many that what runs is compiled. */
  private static final int WARM_UP_CALLS = 10_000;

  /** The ways take turns after so few calls that what else the machine does meets both. */
  private static final int CALLS_OF_A_TURN = 10;

  /**
   * Tells the CPU time of threads to the nanosecond; that of the process comes in steps of 10 ms.
   * What the compiler and the garbage collector take is left out.
   */
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final StorageBackendBlockingStub stub;
  private final PannierStore store;
  private final String key = Pannier.key("overhead", UUID.randomUUID().toString());

  /** Of the record, which both ways write. */
  private long version;

  private Overhead(StorageBackendBlockingStub stub, PannierStore store) {
    this.stub = stub;
    this.store = store;
  }

  /**
   * Measures both, and returns the medians. Their channels are alike, and what is compiled for one
   * serves the other, so that the difference is the client's own.
   */
  static JsonObject measure(String address, int calls, int rounds) {
    try (BareChannel channel = BareChannel.open(address);
        PannierStore store = Pannier.connect(address)) {
      Overhead overhead = new Overhead(StorageBackendGrpc.newBlockingStub(channel.calls()), store);
      overhead.version = store.put(overhead.key, DATA).version();
      Contest gets = new Contest(overhead::stubGets, overhead::clientGets);
      Contest puts = new Contest(overhead::stubPuts, overhead::clientPuts);
      gets.round(true, WARM_UP_CALLS);
      puts.round(true, WARM_UP_CALLS);
      JsonObject found = new JsonObject();
      found.add("get", medians(gets, calls, rounds));
      found.add("put_if_version", medians(puts, calls, rounds));
      return found;
    }
  }

  private static JsonObject medians(Contest contest, int calls, int rounds) {
    double[][] times = new double[4][rounds];
    for (int round = 0; round < rounds; round++) {
      // In odd rounds, counted from 1, the stub is first.
      double[] found = contest.round(round % 2 == 0, calls);
      for (int i = 0; i < found.length; i++) {
        times[i][round] = found[i];
      }
    }
    JsonObject medians = new JsonObject();
    medians.addProperty("stub_wall", median(times[0]));
    medians.addProperty("client_wall", median(times[1]));
    medians.addProperty("stub_cpu", median(times[2]));
    medians.addProperty("client_cpu", median(times[3]));
    return medians;
  }

  private static double median(double[] times) {
    double[] sorted = times.clone();
    Arrays.sort(sorted);
    int half = sorted.length / 2;
    double middle = sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    return Math.round(middle * 100) / 100.0;
  }

  /**
   * Both ways of one kind of call; each makes so many.
   *
   * @param stub through the bare stub
   * @param client through the client
   */
  private record Contest(IntConsumer stub, IntConsumer client) {

    /**
     * Makes a round; returns microseconds a call: wall time of stub and client, CPU time of both.
     */
    double[] round(boolean stubFirst, int calls) {
      double[] times = new double[4];
      for (int left = calls; left > 0; left -= CALLS_OF_A_TURN) {
        int number = Math.min(left, CALLS_OF_A_TURN);
        for (boolean isStub : List.of(stubFirst, !stubFirst)) {
          time(isStub ? stub : client, number, times, isStub ? 0 : 1);
        }
      }
      return Arrays.stream(times).map(nanos -> nanos / 1e3 / calls).toArray();
    }

    private static void time(IntConsumer way, int calls, double[] times, int place) {
      long cpu = cpuNanos();
      long wall = System.nanoTime();
      way.accept(calls);
      times[place] += System.nanoTime() - wall;
      times[place + 2] += cpuNanos() - cpu;
    }

    private static long cpuNanos() {
      return Arrays.stream(THREADS.getThreadCpuTime(THREADS.getAllThreadIds())).sum();
    }
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
