package io.pannier;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerCredentials;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.pannier.v1.DeleteRequest;
import io.pannier.v1.DeleteResponse;
import io.pannier.v1.GetRequest;
import io.pannier.v1.GetResponse;
import io.pannier.v1.ListByPrefixRequest;
import io.pannier.v1.ListByPrefixResponse;
import io.pannier.v1.PutIfVersionRequest;
import io.pannier.v1.PutIfVersionResponse;
import io.pannier.v1.PutRequest;
import io.pannier.v1.PutResponse;
import io.pannier.v1.Record;
import io.pannier.v1.StorageBackendGrpc.StorageBackendImplBase;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** A gRPC server on loopback that answers what a test wants, and tells what it was asked. */
final class ScriptedSidecar implements AutoCloseable {
  /** The requests that came, in their order. */
  final BlockingQueue<MessageLite> requests = new LinkedBlockingQueue<>();

  /** The headers of the calls that came, in their order. */
  final BlockingQueue<Metadata> headers = new LinkedBlockingQueue<>();

  /** The requests of calls whose caller went away. */
  final BlockingQueue<MessageLite> cancelled = new LinkedBlockingQueue<>();

  private final Queue<Answer> script = new ConcurrentLinkedQueue<>();
  private final Server server;
  private final int port;

  private ScriptedSidecar(int port, ServerCredentials credentials) throws IOException {
    server =
        Grpc.newServerBuilderForPort(port, credentials)
            .addService(new Service())
            .intercept(new Headers())
            .build()
            .start();
    this.port = server.getPort();
  }

  /** What a call gets. */
  interface Answer {
    /**
     * Answers a call.
     *
     * @param usual what it gets where the script says nothing
     */
    void give(StreamObserver<MessageLite> caller, MessageLite usual);
  }

  /** The usual answer. */
  static final Answer PASS =
      (caller, usual) -> {
        caller.onNext(usual);
        caller.onCompleted();
      };

  /** No answer. */
  static final Answer HANG = (caller, usual) -> {};

  static Answer fail(Status status) {
    return (caller, usual) -> caller.onError(status.asRuntimeException());
  }

  static Answer fail(Status status, Metadata trailers) {
    return (caller, usual) -> caller.onError(status.asRuntimeException(trailers));
  }

  static ScriptedSidecar start() throws IOException {
    return start(0);
  }

  static ScriptedSidecar start(int port) throws IOException {
    return new ScriptedSidecar(port, InsecureServerCredentials.create());
  }

  static ScriptedSidecar start(ServerCredentials credentials) throws IOException {
    return new ScriptedSidecar(0, credentials);
  }

  /** Gives these answers to the next calls, and the usual ones to those after them. */
  ScriptedSidecar will(Answer... answers) {
    script.addAll(List.of(answers));
    return this;
  }

  int port() {
    return port;
  }

  String address() {
    return "127.0.0.1:" + port();
  }

  /** Returns a store of this that pauses for years between attempts. */
  PannierStore patientStore() {
    Duration years = Duration.ofDays(1_000);
    return Pannier.builder()
        .address(address())
        .retries(new RetryPolicy(RetryPolicy.UNLIMITED, years, years))
        .timeout(years.multipliedBy(10))
        .connect();
  }

  /** Ends at once, with all connections. */
  @Override
  public void close() {
    try {
      server.shutdownNow().awaitTermination();
    } catch (InterruptedException interrupt) {
      throw new AssertionError(interrupt);
    }
  }

  @SuppressWarnings("unchecked")
  private <A extends MessageLite> void answer(
      MessageLite request, MessageLite usual, StreamObserver<A> caller) {
    Context.current().addListener(context -> cancelled.add(request), Runnable::run);
    Answer scripted = script.poll();
    requests.add(request);
    (scripted == null ? PASS : scripted).give((StreamObserver<MessageLite>) caller, usual);
  }

  private final class Headers implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata metadata, ServerCallHandler<Q, A> next) {
      headers.add(metadata);
      return next.startCall(call, metadata);
    }
  }

  private final class Service extends StorageBackendImplBase {
    @Override
    public void get(GetRequest request, StreamObserver<GetResponse> caller) {
      Record record = record(request.getKey(), "1");
      answer(request, GetResponse.newBuilder().setRecord(record).build(), caller);
    }

    @Override
    public void put(PutRequest request, StreamObserver<PutResponse> caller) {
      answer(request, PutResponse.newBuilder().setVersion(1).setEtag("e1").build(), caller);
    }

    @Override
    public void putIfVersion(
        PutIfVersionRequest request, StreamObserver<PutIfVersionResponse> caller) {
      long version = request.getExpectedVersion() + 1;
      PutIfVersionResponse usual =
          PutIfVersionResponse.newBuilder().setVersion(version).setEtag("e2").build();
      answer(request, usual, caller);
    }

    @Override
    public void delete(DeleteRequest request, StreamObserver<DeleteResponse> caller) {
      answer(request, DeleteResponse.newBuilder().setDeleted(true).build(), caller);
    }

    @Override
    public void listByPrefix(
        ListByPrefixRequest request, StreamObserver<ListByPrefixResponse> caller) {
      answer(request, ListByPrefixResponse.getDefaultInstance(), caller);
    }
  }

  /** A record at version 1. */
  static Record record(String key, String data) {
    return Record.newBuilder()
        .setKey(key)
        .setData(ByteString.copyFromUtf8(data))
        .setVersion(1)
        .setEtag("e1")
        .build();
  }

  /**
   * A page.
   *
   * @param token empty for a last page
   */
  static ListByPrefixResponse page(String token, String... keys) {
    ListByPrefixResponse.Builder page = ListByPrefixResponse.newBuilder().setNextPageToken(token);
    for (String key : keys) {
      page.addRecords(record(key, ""));
    }
    return page.build();
  }
}
