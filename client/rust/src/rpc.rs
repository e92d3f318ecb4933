//! The unary calls of the contract, each by the type of its request.

use tonic::{Request, Response, Status};

use crate::generated::storage_backend_client::StorageBackendClient;
use crate::generated::{
    CleanupExpiredRequest, CleanupExpiredResponse, DeleteRequest, DeleteResponse, GetRequest,
    GetResponse, PutIfVersionRequest, PutIfVersionResponse, PutRequest, PutResponse,
};
use crate::transport::Lane;

pub(crate) type Client = StorageBackendClient<Lane>;

/// A request that has one answer.
pub(crate) trait Rpc: Clone + Send + Sync {
    type Answer: Send;

    /// Sends it once.
    fn send(
        client: Client,
        request: Request<Self>,
    ) -> impl Future<Output = Result<Response<Self::Answer>, Status>> + Send;
}

impl Rpc for GetRequest {
    type Answer = GetResponse;

    async fn send(
        mut client: Client,
        request: Request<Self>,
    ) -> Result<Response<GetResponse>, Status> {
        client.get(request).await
    }
}

impl Rpc for PutRequest {
    type Answer = PutResponse;

    async fn send(
        mut client: Client,
        request: Request<Self>,
    ) -> Result<Response<PutResponse>, Status> {
        client.put(request).await
    }
}

impl Rpc for PutIfVersionRequest {
    type Answer = PutIfVersionResponse;

    async fn send(
        mut client: Client,
        request: Request<Self>,
    ) -> Result<Response<PutIfVersionResponse>, Status> {
        client.put_if_version(request).await
    }
}

impl Rpc for DeleteRequest {
    type Answer = DeleteResponse;

    async fn send(
        mut client: Client,
        request: Request<Self>,
    ) -> Result<Response<DeleteResponse>, Status> {
        client.delete(request).await
    }
}

impl Rpc for CleanupExpiredRequest {
    type Answer = CleanupExpiredResponse;

    async fn send(
        mut client: Client,
        request: Request<Self>,
    ) -> Result<Response<CleanupExpiredResponse>, Status> {
        client.cleanup_expired(request).await
    }
}
