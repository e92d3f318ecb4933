//! One call's way over the connection: an HTTP/2 stream, opened by tonic's client.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::SendStream;
use h2::client::SendRequest;
use http_body::Body;
use tokio::sync::OwnedSemaphorePermit;
use tonic::Status;
use tower_service::Service;

use super::broken::{status_of, status_of_unopened};
use super::inbound::Inbound;

type Request = http::Request<tonic::body::Body>;
type Answer = Result<http::Response<Inbound>, Status>;

/// Carries one call. Dropping the call, before or after its headers came, resets the stream.
#[derive(Debug)]
pub(crate) struct Lane {
    sender: SendRequest<Bytes>,
    /// Given back when the call is over; `None` once the call has it.
    turn: Option<OwnedSemaphorePermit>,
}

impl Lane {
    pub(super) fn new(sender: SendRequest<Bytes>, turn: OwnedSemaphorePermit) -> Self {
        let turn = Some(turn);
        Lane { sender, turn }
    }
}

impl Service<Request> for Lane {
    type Response = http::Response<Inbound>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        Box::pin(exchange(self.sender.clone(), request, self.turn.take()))
    }
}

async fn exchange(
    mut sender: SendRequest<Bytes>,
    request: Request,
    turn: Option<OwnedSemaphorePermit>,
) -> Answer {
    let (head, body) = request.into_parts();
    let mut body = pin!(body);
    // The message is encoded before the stream is opened, so that both leave together.
    let first = next_chunk(body.as_mut()).await?;
    let (answer, mut stream) = sender
        .send_request(http::Request::from_parts(head, ()), false)
        .map_err(status_of_unopened)?;
    send(&mut stream, first, body).await?;
    let answer = answer.await.map_err(status_of)?;
    Ok(Inbound::answer(answer, turn))
}

/// Sends a message, and ends the stream with its last chunk.
async fn send(
    stream: &mut SendStream<Bytes>,
    mut chunk: Option<Bytes>,
    mut rest: Pin<&mut tonic::body::Body>,
) -> Result<(), Status> {
    loop {
        let next = next_chunk(rest.as_mut()).await?;
        let is_last = next.is_none();
        // Where the stream has ended meanwhile, the answer tells why.
        let sent = stream.send_data(chunk.unwrap_or_default(), is_last);
        if is_last || sent.is_err() {
            return Ok(());
        }
        chunk = next;
    }
}

async fn next_chunk(mut body: Pin<&mut tonic::body::Body>) -> Result<Option<Bytes>, Status> {
    let frame = poll_fn(|context| body.as_mut().poll_frame(context)).await;
    Ok(frame.transpose()?.and_then(|frame| frame.into_data().ok()))
}
