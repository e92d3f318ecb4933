package io.pannier.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * StorageBackend keeps versioned records by key.
 * A key is "owner:name", split at the first colon. Both parts are non-empty
 * UTF-8: the owner up to 2,042 bytes, the name up to 1,019 bytes. An owner
 * therefore never holds a colon; a name may.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class StorageBackendGrpc {

  private StorageBackendGrpc() {}

  public static final java.lang.String SERVICE_NAME = "pannier.v1.StorageBackend";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<io.pannier.v1.GetRequest,
      io.pannier.v1.GetResponse> getGetMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Get",
      requestType = io.pannier.v1.GetRequest.class,
      responseType = io.pannier.v1.GetResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.pannier.v1.GetRequest,
      io.pannier.v1.GetResponse> getGetMethod() {
    io.grpc.MethodDescriptor<io.pannier.v1.GetRequest, io.pannier.v1.GetResponse> getGetMethod;
    if ((getGetMethod = StorageBackendGrpc.getGetMethod) == null) {
      synchronized (StorageBackendGrpc.class) {
        if ((getGetMethod = StorageBackendGrpc.getGetMethod) == null) {
          StorageBackendGrpc.getGetMethod = getGetMethod =
              io.grpc.MethodDescriptor.<io.pannier.v1.GetRequest, io.pannier.v1.GetResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Get"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.pannier.v1.GetRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.pannier.v1.GetResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageBackendMethodDescriptorSupplier("Get"))
              .build();
        }
      }
    }
    return getGetMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.pannier.v1.PutRequest,
      io.pannier.v1.PutResponse> getPutMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Put",
      requestType = io.pannier.v1.PutRequest.class,
      responseType = io.pannier.v1.PutResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.pannier.v1.PutRequest,
      io.pannier.v1.PutResponse> getPutMethod() {
    io.grpc.MethodDescriptor<io.pannier.v1.PutRequest, io.pannier.v1.PutResponse> getPutMethod;
    if ((getPutMethod = StorageBackendGrpc.getPutMethod) == null) {
      synchronized (StorageBackendGrpc.class) {
        if ((getPutMethod = StorageBackendGrpc.getPutMethod) == null) {
          StorageBackendGrpc.getPutMethod = getPutMethod =
              io.grpc.MethodDescriptor.<io.pannier.v1.PutRequest, io.pannier.v1.PutResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Put"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.pannier.v1.PutRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.pannier.v1.PutResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageBackendMethodDescriptorSupplier("Put"))
              .build();
        }
      }
    }
    return getPutMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.pannier.v1.PutIfVersionRequest,
      io.pannier.v1.PutIfVersionResponse> getPutIfVersionMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "PutIfVersion",
      requestType = io.pannier.v1.PutIfVersionRequest.class,
      responseType = io.pannier.v1.PutIfVersionResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.pannier.v1.PutIfVersionRequest,
      io.pannier.v1.PutIfVersionResponse> getPutIfVersionMethod() {
    io.grpc.MethodDescriptor<io.pannier.v1.PutIfVersionRequest, io.pannier.v1.PutIfVersionResponse> getPutIfVersionMethod;
    if ((getPutIfVersionMethod = StorageBackendGrpc.getPutIfVersionMethod) == null) {
      synchronized (StorageBackendGrpc.class) {
        if ((getPutIfVersionMethod = StorageBackendGrpc.getPutIfVersionMethod) == null) {
          StorageBackendGrpc.getPutIfVersionMethod = getPutIfVersionMethod =
              io.grpc.MethodDescriptor.<io.pannier.v1.PutIfVersionRequest, io.pannier.v1.PutIfVersionResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "PutIfVersion"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.pannier.v1.PutIfVersionRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.pannier.v1.PutIfVersionResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageBackendMethodDescriptorSupplier("PutIfVersion"))
              .build();
        }
      }
    }
    return getPutIfVersionMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.pannier.v1.DeleteRequest,
      io.pannier.v1.DeleteResponse> getDeleteMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Delete",
      requestType = io.pannier.v1.DeleteRequest.class,
      responseType = io.pannier.v1.DeleteResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.pannier.v1.DeleteRequest,
      io.pannier.v1.DeleteResponse> getDeleteMethod() {
    io.grpc.MethodDescriptor<io.pannier.v1.DeleteRequest, io.pannier.v1.DeleteResponse> getDeleteMethod;
    if ((getDeleteMethod = StorageBackendGrpc.getDeleteMethod) == null) {
      synchronized (StorageBackendGrpc.class) {
        if ((getDeleteMethod = StorageBackendGrpc.getDeleteMethod) == null) {
          StorageBackendGrpc.getDeleteMethod = getDeleteMethod =
              io.grpc.MethodDescriptor.<io.pannier.v1.DeleteRequest, io.pannier.v1.DeleteResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Delete"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.pannier.v1.DeleteRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.pannier.v1.DeleteResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageBackendMethodDescriptorSupplier("Delete"))
              .build();
        }
      }
    }
    return getDeleteMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.pannier.v1.ListByPrefixRequest,
      io.pannier.v1.ListByPrefixResponse> getListByPrefixMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListByPrefix",
      requestType = io.pannier.v1.ListByPrefixRequest.class,
      responseType = io.pannier.v1.ListByPrefixResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.pannier.v1.ListByPrefixRequest,
      io.pannier.v1.ListByPrefixResponse> getListByPrefixMethod() {
    io.grpc.MethodDescriptor<io.pannier.v1.ListByPrefixRequest, io.pannier.v1.ListByPrefixResponse> getListByPrefixMethod;
    if ((getListByPrefixMethod = StorageBackendGrpc.getListByPrefixMethod) == null) {
      synchronized (StorageBackendGrpc.class) {
        if ((getListByPrefixMethod = StorageBackendGrpc.getListByPrefixMethod) == null) {
          StorageBackendGrpc.getListByPrefixMethod = getListByPrefixMethod =
              io.grpc.MethodDescriptor.<io.pannier.v1.ListByPrefixRequest, io.pannier.v1.ListByPrefixResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListByPrefix"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.pannier.v1.ListByPrefixRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.pannier.v1.ListByPrefixResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageBackendMethodDescriptorSupplier("ListByPrefix"))
              .build();
        }
      }
    }
    return getListByPrefixMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.pannier.v1.CleanupExpiredRequest,
      io.pannier.v1.CleanupExpiredResponse> getCleanupExpiredMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CleanupExpired",
      requestType = io.pannier.v1.CleanupExpiredRequest.class,
      responseType = io.pannier.v1.CleanupExpiredResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.pannier.v1.CleanupExpiredRequest,
      io.pannier.v1.CleanupExpiredResponse> getCleanupExpiredMethod() {
    io.grpc.MethodDescriptor<io.pannier.v1.CleanupExpiredRequest, io.pannier.v1.CleanupExpiredResponse> getCleanupExpiredMethod;
    if ((getCleanupExpiredMethod = StorageBackendGrpc.getCleanupExpiredMethod) == null) {
      synchronized (StorageBackendGrpc.class) {
        if ((getCleanupExpiredMethod = StorageBackendGrpc.getCleanupExpiredMethod) == null) {
          StorageBackendGrpc.getCleanupExpiredMethod = getCleanupExpiredMethod =
              io.grpc.MethodDescriptor.<io.pannier.v1.CleanupExpiredRequest, io.pannier.v1.CleanupExpiredResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CleanupExpired"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.pannier.v1.CleanupExpiredRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.pannier.v1.CleanupExpiredResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageBackendMethodDescriptorSupplier("CleanupExpired"))
              .build();
        }
      }
    }
    return getCleanupExpiredMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static StorageBackendStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<StorageBackendStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<StorageBackendStub>() {
        @java.lang.Override
        public StorageBackendStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new StorageBackendStub(channel, callOptions);
        }
      };
    return StorageBackendStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static StorageBackendBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<StorageBackendBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<StorageBackendBlockingV2Stub>() {
        @java.lang.Override
        public StorageBackendBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new StorageBackendBlockingV2Stub(channel, callOptions);
        }
      };
    return StorageBackendBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static StorageBackendBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<StorageBackendBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<StorageBackendBlockingStub>() {
        @java.lang.Override
        public StorageBackendBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new StorageBackendBlockingStub(channel, callOptions);
        }
      };
    return StorageBackendBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static StorageBackendFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<StorageBackendFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<StorageBackendFutureStub>() {
        @java.lang.Override
        public StorageBackendFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new StorageBackendFutureStub(channel, callOptions);
        }
      };
    return StorageBackendFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * StorageBackend keeps versioned records by key.
   * A key is "owner:name", split at the first colon. Both parts are non-empty
   * UTF-8: the owner up to 2,042 bytes, the name up to 1,019 bytes. An owner
   * therefore never holds a colon; a name may.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Reads one record.
     * Errors: NOT_FOUND (RECORD_NOT_FOUND: no live record has this key),
     * INVALID_ARGUMENT (KEY_INVALID), DATA_LOSS (RECORD_CORRUPT: the stored row
     * cannot be read; the message says what is wrong with it).
     * </pre>
     */
    default void get(io.pannier.v1.GetRequest request,
        io.grpc.stub.StreamObserver<io.pannier.v1.GetResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetMethod(), responseObserver);
    }

    /**
     * <pre>
     * Writes one record whatever is there, replacing its data and its expiry. The
     * version rises by one in the same atomic step.
     * Safe to retry with the same request_id: a write that was applied although
     * its answer was lost is recognised, also when one other write came after it,
     * and answers the version it got. When two or more other writes came between,
     * the retry writes again.
     * Errors: INVALID_ARGUMENT (KEY_INVALID, DATA_TOO_LARGE with DataTooLarge,
     * EXPIRE_TIME_INVALID, REQUEST_ID_INVALID, REQUEST_ID_REUSED: another write
     * to this key already used the request_id), DATA_LOSS (RECORD_CORRUPT).
     * </pre>
     */
    default void put(io.pannier.v1.PutRequest request,
        io.grpc.stub.StreamObserver<io.pannier.v1.PutResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getPutMethod(), responseObserver);
    }

    /**
     * <pre>
     * Writes one record only over the version that the caller expects, or, with
     * expected_version 0, only where no live record is.
     * Safe to retry with the same request_id, as Put is; but when two or more
     * other writes came between, the retry answers ABORTED although the first
     * attempt was applied.
     * Errors: NOT_FOUND (RECORD_NOT_FOUND: expected_version is above 0 and no live
     * record is there), ABORTED (VERSION_CONFLICT with VersionConflict: the record
     * has another version or etag), ALREADY_EXISTS (RECORD_EXISTS:
     * expected_version is 0 and a live record is there), INVALID_ARGUMENT as Put,
     * and EXPECTED_VERSION_INVALID or ETAG_INVALID, DATA_LOSS (RECORD_CORRUPT).
     * </pre>
     */
    default void putIfVersion(io.pannier.v1.PutIfVersionRequest request,
        io.grpc.stub.StreamObserver<io.pannier.v1.PutIfVersionResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getPutIfVersionMethod(), responseObserver);
    }

    /**
     * <pre>
     * Deletes one record, unconditionally or only at a version or etag. An absent
     * or expired record is no error: the answer says deleted = false.
     * A delete whose outcome is unknown must not be sent again blindly: it could
     * remove what someone else wrote since. With an etag it may be; the retry can
     * then answer deleted = false although the first attempt deleted the record.
     * Errors: ABORTED (VERSION_CONFLICT with VersionConflict), INVALID_ARGUMENT
     * (KEY_INVALID, EXPECTED_VERSION_INVALID, ETAG_INVALID), DATA_LOSS
     * (RECORD_CORRUPT: only for a conditional delete; an unconditional one always
     * works).
     * </pre>
     */
    default void delete(io.pannier.v1.DeleteRequest request,
        io.grpc.stub.StreamObserver<io.pannier.v1.DeleteResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams the live records of one owner whose names start with a prefix, in
     * the byte order of their keys, as pages. Exactly one page, the last, has an
     * empty next_page_token, unless limit ended the stream before the records did.
     * A list is not a snapshot; each page is consistent in itself. After a break
     * the list goes on with the last next_page_token received.
     * Errors: INVALID_ARGUMENT (PREFIX_INVALID, PAGE_SIZE_INVALID,
     * PAGE_TOKEN_INVALID).
     * </pre>
     */
    default void listByPrefix(io.pannier.v1.ListByPrefixRequest request,
        io.grpc.stub.StreamObserver<io.pannier.v1.ListByPrefixResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListByPrefixMethod(), responseObserver);
    }

    /**
     * <pre>
     * Removes expired records now, without waiting for the store to do it. A
     * record that was written again meanwhile stays.
     * On DynamoDB without a prefix it answers removed = 0: the table's own TTL
     * does that work.
     * Errors: INVALID_ARGUMENT (PREFIX_INVALID).
     * </pre>
     */
    default void cleanupExpired(io.pannier.v1.CleanupExpiredRequest request,
        io.grpc.stub.StreamObserver<io.pannier.v1.CleanupExpiredResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCleanupExpiredMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service StorageBackend.
   * <pre>
   * StorageBackend keeps versioned records by key.
   * A key is "owner:name", split at the first colon. Both parts are non-empty
   * UTF-8: the owner up to 2,042 bytes, the name up to 1,019 bytes. An owner
   * therefore never holds a colon; a name may.
   * </pre>
   */
  public static abstract class StorageBackendImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return StorageBackendGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service StorageBackend.
   * <pre>
   * StorageBackend keeps versioned records by key.
   * A key is "owner:name", split at the first colon. Both parts are non-empty
   * UTF-8: the owner up to 2,042 bytes, the name up to 1,019 bytes. An owner
   * therefore never holds a colon; a name may.
   * </pre>
   */
  public static final class StorageBackendStub
      extends io.grpc.stub.AbstractAsyncStub<StorageBackendStub> {
    private StorageBackendStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected StorageBackendStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new StorageBackendStub(channel, callOptions);
    }

    /**
     * <pre>
     * Reads one record.
     * Errors: NOT_FOUND (RECORD_NOT_FOUND: no live record has this key),
     * INVALID_ARGUMENT (KEY_INVALID), DATA_LOSS (RECORD_CORRUPT: the stored row
     * cannot be read; the message says what is wrong with it).
     * </pre>
     */
    public void get(io.pannier.v1.GetRequest request,
        io.grpc.stub.StreamObserver<io.pannier.v1.GetResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Writes one record whatever is there, replacing its data and its expiry. The
     * version rises by one in the same atomic step.
     * Safe to retry with the same request_id: a write that was applied although
     * its answer was lost is recognised, also when one other write came after it,
     * and answers the version it got. When two or more other writes came between,
     * the retry writes again.
     * Errors: INVALID_ARGUMENT (KEY_INVALID, DATA_TOO_LARGE with DataTooLarge,
     * EXPIRE_TIME_INVALID, REQUEST_ID_INVALID, REQUEST_ID_REUSED: another write
     * to this key already used the request_id), DATA_LOSS (RECORD_CORRUPT).
     * </pre>
     */
    public void put(io.pannier.v1.PutRequest request,
        io.grpc.stub.StreamObserver<io.pannier.v1.PutResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getPutMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Writes one record only over the version that the caller expects, or, with
     * expected_version 0, only where no live record is.
     * Safe to retry with the same request_id, as Put is; but when two or more
     * other writes came between, the retry answers ABORTED although the first
     * attempt was applied.
     * Errors: NOT_FOUND (RECORD_NOT_FOUND: expected_version is above 0 and no live
     * record is there), ABORTED (VERSION_CONFLICT with VersionConflict: the record
     * has another version or etag), ALREADY_EXISTS (RECORD_EXISTS:
     * expected_version is 0 and a live record is there), INVALID_ARGUMENT as Put,
     * and EXPECTED_VERSION_INVALID or ETAG_INVALID, DATA_LOSS (RECORD_CORRUPT).
     * </pre>
     */
    public void putIfVersion(io.pannier.v1.PutIfVersionRequest request,
        io.grpc.stub.StreamObserver<io.pannier.v1.PutIfVersionResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getPutIfVersionMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Deletes one record, unconditionally or only at a version or etag. An absent
     * or expired record is no error: the answer says deleted = false.
     * A delete whose outcome is unknown must not be sent again blindly: it could
     * remove what someone else wrote since. With an etag it may be; the retry can
     * then answer deleted = false although the first attempt deleted the record.
     * Errors: ABORTED (VERSION_CONFLICT with VersionConflict), INVALID_ARGUMENT
     * (KEY_INVALID, EXPECTED_VERSION_INVALID, ETAG_INVALID), DATA_LOSS
     * (RECORD_CORRUPT: only for a conditional delete; an unconditional one always
     * works).
     * </pre>
     */
    public void delete(io.pannier.v1.DeleteRequest request,
        io.grpc.stub.StreamObserver<io.pannier.v1.DeleteResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams the live records of one owner whose names start with a prefix, in
     * the byte order of their keys, as pages. Exactly one page, the last, has an
     * empty next_page_token, unless limit ended the stream before the records did.
     * A list is not a snapshot; each page is consistent in itself. After a break
     * the list goes on with the last next_page_token received.
     * Errors: INVALID_ARGUMENT (PREFIX_INVALID, PAGE_SIZE_INVALID,
     * PAGE_TOKEN_INVALID).
     * </pre>
     */
    public void listByPrefix(io.pannier.v1.ListByPrefixRequest request,
        io.grpc.stub.StreamObserver<io.pannier.v1.ListByPrefixResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getListByPrefixMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Removes expired records now, without waiting for the store to do it. A
     * record that was written again meanwhile stays.
     * On DynamoDB without a prefix it answers removed = 0: the table's own TTL
     * does that work.
     * Errors: INVALID_ARGUMENT (PREFIX_INVALID).
     * </pre>
     */
    public void cleanupExpired(io.pannier.v1.CleanupExpiredRequest request,
        io.grpc.stub.StreamObserver<io.pannier.v1.CleanupExpiredResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCleanupExpiredMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service StorageBackend.
   * <pre>
   * StorageBackend keeps versioned records by key.
   * A key is "owner:name", split at the first colon. Both parts are non-empty
   * UTF-8: the owner up to 2,042 bytes, the name up to 1,019 bytes. An owner
   * therefore never holds a colon; a name may.
   * </pre>
   */
  public static final class StorageBackendBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<StorageBackendBlockingV2Stub> {
    private StorageBackendBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected StorageBackendBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new StorageBackendBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Reads one record.
     * Errors: NOT_FOUND (RECORD_NOT_FOUND: no live record has this key),
     * INVALID_ARGUMENT (KEY_INVALID), DATA_LOSS (RECORD_CORRUPT: the stored row
     * cannot be read; the message says what is wrong with it).
     * </pre>
     */
    public io.pannier.v1.GetResponse get(io.pannier.v1.GetRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Writes one record whatever is there, replacing its data and its expiry. The
     * version rises by one in the same atomic step.
     * Safe to retry with the same request_id: a write that was applied although
     * its answer was lost is recognised, also when one other write came after it,
     * and answers the version it got. When two or more other writes came between,
     * the retry writes again.
     * Errors: INVALID_ARGUMENT (KEY_INVALID, DATA_TOO_LARGE with DataTooLarge,
     * EXPIRE_TIME_INVALID, REQUEST_ID_INVALID, REQUEST_ID_REUSED: another write
     * to this key already used the request_id), DATA_LOSS (RECORD_CORRUPT).
     * </pre>
     */
    public io.pannier.v1.PutResponse put(io.pannier.v1.PutRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getPutMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Writes one record only over the version that the caller expects, or, with
     * expected_version 0, only where no live record is.
     * Safe to retry with the same request_id, as Put is; but when two or more
     * other writes came between, the retry answers ABORTED although the first
     * attempt was applied.
     * Errors: NOT_FOUND (RECORD_NOT_FOUND: expected_version is above 0 and no live
     * record is there), ABORTED (VERSION_CONFLICT with VersionConflict: the record
     * has another version or etag), ALREADY_EXISTS (RECORD_EXISTS:
     * expected_version is 0 and a live record is there), INVALID_ARGUMENT as Put,
     * and EXPECTED_VERSION_INVALID or ETAG_INVALID, DATA_LOSS (RECORD_CORRUPT).
     * </pre>
     */
    public io.pannier.v1.PutIfVersionResponse putIfVersion(io.pannier.v1.PutIfVersionRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getPutIfVersionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes one record, unconditionally or only at a version or etag. An absent
     * or expired record is no error: the answer says deleted = false.
     * A delete whose outcome is unknown must not be sent again blindly: it could
     * remove what someone else wrote since. With an etag it may be; the retry can
     * then answer deleted = false although the first attempt deleted the record.
     * Errors: ABORTED (VERSION_CONFLICT with VersionConflict), INVALID_ARGUMENT
     * (KEY_INVALID, EXPECTED_VERSION_INVALID, ETAG_INVALID), DATA_LOSS
     * (RECORD_CORRUPT: only for a conditional delete; an unconditional one always
     * works).
     * </pre>
     */
    public io.pannier.v1.DeleteResponse delete(io.pannier.v1.DeleteRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the live records of one owner whose names start with a prefix, in
     * the byte order of their keys, as pages. Exactly one page, the last, has an
     * empty next_page_token, unless limit ended the stream before the records did.
     * A list is not a snapshot; each page is consistent in itself. After a break
     * the list goes on with the last next_page_token received.
     * Errors: INVALID_ARGUMENT (PREFIX_INVALID, PAGE_SIZE_INVALID,
     * PAGE_TOKEN_INVALID).
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.pannier.v1.ListByPrefixResponse>
        listByPrefix(io.pannier.v1.ListByPrefixRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getListByPrefixMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes expired records now, without waiting for the store to do it. A
     * record that was written again meanwhile stays.
     * On DynamoDB without a prefix it answers removed = 0: the table's own TTL
     * does that work.
     * Errors: INVALID_ARGUMENT (PREFIX_INVALID).
     * </pre>
     */
    public io.pannier.v1.CleanupExpiredResponse cleanupExpired(io.pannier.v1.CleanupExpiredRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCleanupExpiredMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service StorageBackend.
   * <pre>
   * StorageBackend keeps versioned records by key.
   * A key is "owner:name", split at the first colon. Both parts are non-empty
   * UTF-8: the owner up to 2,042 bytes, the name up to 1,019 bytes. An owner
   * therefore never holds a colon; a name may.
   * </pre>
   */
  public static final class StorageBackendBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<StorageBackendBlockingStub> {
    private StorageBackendBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected StorageBackendBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new StorageBackendBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Reads one record.
     * Errors: NOT_FOUND (RECORD_NOT_FOUND: no live record has this key),
     * INVALID_ARGUMENT (KEY_INVALID), DATA_LOSS (RECORD_CORRUPT: the stored row
     * cannot be read; the message says what is wrong with it).
     * </pre>
     */
    public io.pannier.v1.GetResponse get(io.pannier.v1.GetRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Writes one record whatever is there, replacing its data and its expiry. The
     * version rises by one in the same atomic step.
     * Safe to retry with the same request_id: a write that was applied although
     * its answer was lost is recognised, also when one other write came after it,
     * and answers the version it got. When two or more other writes came between,
     * the retry writes again.
     * Errors: INVALID_ARGUMENT (KEY_INVALID, DATA_TOO_LARGE with DataTooLarge,
     * EXPIRE_TIME_INVALID, REQUEST_ID_INVALID, REQUEST_ID_REUSED: another write
     * to this key already used the request_id), DATA_LOSS (RECORD_CORRUPT).
     * </pre>
     */
    public io.pannier.v1.PutResponse put(io.pannier.v1.PutRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getPutMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Writes one record only over the version that the caller expects, or, with
     * expected_version 0, only where no live record is.
     * Safe to retry with the same request_id, as Put is; but when two or more
     * other writes came between, the retry answers ABORTED although the first
     * attempt was applied.
     * Errors: NOT_FOUND (RECORD_NOT_FOUND: expected_version is above 0 and no live
     * record is there), ABORTED (VERSION_CONFLICT with VersionConflict: the record
     * has another version or etag), ALREADY_EXISTS (RECORD_EXISTS:
     * expected_version is 0 and a live record is there), INVALID_ARGUMENT as Put,
     * and EXPECTED_VERSION_INVALID or ETAG_INVALID, DATA_LOSS (RECORD_CORRUPT).
     * </pre>
     */
    public io.pannier.v1.PutIfVersionResponse putIfVersion(io.pannier.v1.PutIfVersionRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getPutIfVersionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes one record, unconditionally or only at a version or etag. An absent
     * or expired record is no error: the answer says deleted = false.
     * A delete whose outcome is unknown must not be sent again blindly: it could
     * remove what someone else wrote since. With an etag it may be; the retry can
     * then answer deleted = false although the first attempt deleted the record.
     * Errors: ABORTED (VERSION_CONFLICT with VersionConflict), INVALID_ARGUMENT
     * (KEY_INVALID, EXPECTED_VERSION_INVALID, ETAG_INVALID), DATA_LOSS
     * (RECORD_CORRUPT: only for a conditional delete; an unconditional one always
     * works).
     * </pre>
     */
    public io.pannier.v1.DeleteResponse delete(io.pannier.v1.DeleteRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the live records of one owner whose names start with a prefix, in
     * the byte order of their keys, as pages. Exactly one page, the last, has an
     * empty next_page_token, unless limit ended the stream before the records did.
     * A list is not a snapshot; each page is consistent in itself. After a break
     * the list goes on with the last next_page_token received.
     * Errors: INVALID_ARGUMENT (PREFIX_INVALID, PAGE_SIZE_INVALID,
     * PAGE_TOKEN_INVALID).
     * </pre>
     */
    public java.util.Iterator<io.pannier.v1.ListByPrefixResponse> listByPrefix(
        io.pannier.v1.ListByPrefixRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getListByPrefixMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes expired records now, without waiting for the store to do it. A
     * record that was written again meanwhile stays.
     * On DynamoDB without a prefix it answers removed = 0: the table's own TTL
     * does that work.
     * Errors: INVALID_ARGUMENT (PREFIX_INVALID).
     * </pre>
     */
    public io.pannier.v1.CleanupExpiredResponse cleanupExpired(io.pannier.v1.CleanupExpiredRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCleanupExpiredMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service StorageBackend.
   * <pre>
   * StorageBackend keeps versioned records by key.
   * A key is "owner:name", split at the first colon. Both parts are non-empty
   * UTF-8: the owner up to 2,042 bytes, the name up to 1,019 bytes. An owner
   * therefore never holds a colon; a name may.
   * </pre>
   */
  public static final class StorageBackendFutureStub
      extends io.grpc.stub.AbstractFutureStub<StorageBackendFutureStub> {
    private StorageBackendFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected StorageBackendFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new StorageBackendFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Reads one record.
     * Errors: NOT_FOUND (RECORD_NOT_FOUND: no live record has this key),
     * INVALID_ARGUMENT (KEY_INVALID), DATA_LOSS (RECORD_CORRUPT: the stored row
     * cannot be read; the message says what is wrong with it).
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.pannier.v1.GetResponse> get(
        io.pannier.v1.GetRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Writes one record whatever is there, replacing its data and its expiry. The
     * version rises by one in the same atomic step.
     * Safe to retry with the same request_id: a write that was applied although
     * its answer was lost is recognised, also when one other write came after it,
     * and answers the version it got. When two or more other writes came between,
     * the retry writes again.
     * Errors: INVALID_ARGUMENT (KEY_INVALID, DATA_TOO_LARGE with DataTooLarge,
     * EXPIRE_TIME_INVALID, REQUEST_ID_INVALID, REQUEST_ID_REUSED: another write
     * to this key already used the request_id), DATA_LOSS (RECORD_CORRUPT).
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.pannier.v1.PutResponse> put(
        io.pannier.v1.PutRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getPutMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Writes one record only over the version that the caller expects, or, with
     * expected_version 0, only where no live record is.
     * Safe to retry with the same request_id, as Put is; but when two or more
     * other writes came between, the retry answers ABORTED although the first
     * attempt was applied.
     * Errors: NOT_FOUND (RECORD_NOT_FOUND: expected_version is above 0 and no live
     * record is there), ABORTED (VERSION_CONFLICT with VersionConflict: the record
     * has another version or etag), ALREADY_EXISTS (RECORD_EXISTS:
     * expected_version is 0 and a live record is there), INVALID_ARGUMENT as Put,
     * and EXPECTED_VERSION_INVALID or ETAG_INVALID, DATA_LOSS (RECORD_CORRUPT).
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.pannier.v1.PutIfVersionResponse> putIfVersion(
        io.pannier.v1.PutIfVersionRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getPutIfVersionMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Deletes one record, unconditionally or only at a version or etag. An absent
     * or expired record is no error: the answer says deleted = false.
     * A delete whose outcome is unknown must not be sent again blindly: it could
     * remove what someone else wrote since. With an etag it may be; the retry can
     * then answer deleted = false although the first attempt deleted the record.
     * Errors: ABORTED (VERSION_CONFLICT with VersionConflict), INVALID_ARGUMENT
     * (KEY_INVALID, EXPECTED_VERSION_INVALID, ETAG_INVALID), DATA_LOSS
     * (RECORD_CORRUPT: only for a conditional delete; an unconditional one always
     * works).
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.pannier.v1.DeleteResponse> delete(
        io.pannier.v1.DeleteRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Removes expired records now, without waiting for the store to do it. A
     * record that was written again meanwhile stays.
     * On DynamoDB without a prefix it answers removed = 0: the table's own TTL
     * does that work.
     * Errors: INVALID_ARGUMENT (PREFIX_INVALID).
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.pannier.v1.CleanupExpiredResponse> cleanupExpired(
        io.pannier.v1.CleanupExpiredRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCleanupExpiredMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_GET = 0;
  private static final int METHODID_PUT = 1;
  private static final int METHODID_PUT_IF_VERSION = 2;
  private static final int METHODID_DELETE = 3;
  private static final int METHODID_LIST_BY_PREFIX = 4;
  private static final int METHODID_CLEANUP_EXPIRED = 5;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_GET:
          serviceImpl.get((io.pannier.v1.GetRequest) request,
              (io.grpc.stub.StreamObserver<io.pannier.v1.GetResponse>) responseObserver);
          break;
        case METHODID_PUT:
          serviceImpl.put((io.pannier.v1.PutRequest) request,
              (io.grpc.stub.StreamObserver<io.pannier.v1.PutResponse>) responseObserver);
          break;
        case METHODID_PUT_IF_VERSION:
          serviceImpl.putIfVersion((io.pannier.v1.PutIfVersionRequest) request,
              (io.grpc.stub.StreamObserver<io.pannier.v1.PutIfVersionResponse>) responseObserver);
          break;
        case METHODID_DELETE:
          serviceImpl.delete((io.pannier.v1.DeleteRequest) request,
              (io.grpc.stub.StreamObserver<io.pannier.v1.DeleteResponse>) responseObserver);
          break;
        case METHODID_LIST_BY_PREFIX:
          serviceImpl.listByPrefix((io.pannier.v1.ListByPrefixRequest) request,
              (io.grpc.stub.StreamObserver<io.pannier.v1.ListByPrefixResponse>) responseObserver);
          break;
        case METHODID_CLEANUP_EXPIRED:
          serviceImpl.cleanupExpired((io.pannier.v1.CleanupExpiredRequest) request,
              (io.grpc.stub.StreamObserver<io.pannier.v1.CleanupExpiredResponse>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getGetMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.pannier.v1.GetRequest,
              io.pannier.v1.GetResponse>(
                service, METHODID_GET)))
        .addMethod(
          getPutMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.pannier.v1.PutRequest,
              io.pannier.v1.PutResponse>(
                service, METHODID_PUT)))
        .addMethod(
          getPutIfVersionMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.pannier.v1.PutIfVersionRequest,
              io.pannier.v1.PutIfVersionResponse>(
                service, METHODID_PUT_IF_VERSION)))
        .addMethod(
          getDeleteMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.pannier.v1.DeleteRequest,
              io.pannier.v1.DeleteResponse>(
                service, METHODID_DELETE)))
        .addMethod(
          getListByPrefixMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.pannier.v1.ListByPrefixRequest,
              io.pannier.v1.ListByPrefixResponse>(
                service, METHODID_LIST_BY_PREFIX)))
        .addMethod(
          getCleanupExpiredMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.pannier.v1.CleanupExpiredRequest,
              io.pannier.v1.CleanupExpiredResponse>(
                service, METHODID_CLEANUP_EXPIRED)))
        .build();
  }

  private static abstract class StorageBackendBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    StorageBackendBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return io.pannier.v1.StorageProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("StorageBackend");
    }
  }

  private static final class StorageBackendFileDescriptorSupplier
      extends StorageBackendBaseDescriptorSupplier {
    StorageBackendFileDescriptorSupplier() {}
  }

  private static final class StorageBackendMethodDescriptorSupplier
      extends StorageBackendBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    StorageBackendMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (StorageBackendGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new StorageBackendFileDescriptorSupplier())
              .addMethod(getGetMethod())
              .addMethod(getPutMethod())
              .addMethod(getPutIfVersionMethod())
              .addMethod(getDeleteMethod())
              .addMethod(getListByPrefixMethod())
              .addMethod(getCleanupExpiredMethod())
              .build();
        }
      }
    }
    return result;
  }
}
