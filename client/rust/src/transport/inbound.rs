//! The answer to a call, as tonic reads it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body::{Body, Frame};
use tokio::sync::OwnedSemaphorePermit;
use tonic::Status;
use tonic::metadata::MetadataMap;

use super::broken::status_of;

const STATUS: &str = "grpc-status";
const DETAILS: &str = "grpc-status-details-bin";

/// A body whose stream is reset when it is dropped before its end.
#[derive(Debug)]
pub(crate) struct Inbound {
    stream: h2::RecvStream,
    stage: Stage,
    needs_status: bool,
    _turn: Option<OwnedSemaphorePermit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Data,
    Trailers,
    Over,
}

impl Inbound {
    /// Takes over an answer whose headers have come, with the turn that its call has.
    pub(super) fn answer(
        answer: http::Response<h2::RecvStream>,
        turn: Option<OwnedSemaphorePermit>,
    ) -> http::Response<Inbound> {
        let (mut parts, stream) = answer.into_parts();
        let needs_status = parts.status == StatusCode::OK && !parts.headers.contains_key(STATUS);
        parts.headers = without_malformed_details(parts.headers);
        let body = Inbound {
            stream,
            stage: Stage::Data,
            needs_status,
            _turn: turn,
        };
        http::Response::from_parts(parts, body)
    }

    fn end(&mut self, trailers: Option<HeaderMap>) -> Option<Result<Frame<Bytes>, Status>> {
        self.stage = Stage::Over;
        let has_status = trailers.as_ref().is_some_and(|it| it.contains_key(STATUS));
        if self.needs_status && !has_status {
            // Something between the sidecar and here ended the stream.
            return Some(Err(Status::unavailable(
                "the stream ended without a status",
            )));
        }
        trailers.map(|trailers| Ok(Frame::trailers(without_malformed_details(trailers))))
    }
}

impl Body for Inbound {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.stage == Stage::Data {
            match ready!(self.stream.poll_data(context)) {
                Some(Ok(chunk)) => {
                    // Fails only where the stream has ended, which the next poll tells.
                    let _ = self.stream.flow_control().release_capacity(chunk.len());
                    return Poll::Ready(Some(Ok(Frame::data(chunk))));
                }
                Some(Err(error)) => {
                    self.stage = Stage::Over;
                    return Poll::Ready(Some(Err(status_of(error))));
                }
                None => self.stage = Stage::Trailers,
            }
        }
        if self.stage == Stage::Over {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(self.stream.poll_trailers(context)) {
            Ok(trailers) => self.end(trailers),
            Err(error) => {
                self.stage = Stage::Over;
                Some(Err(status_of(error)))
            }
        })
    }
}

/// Leaves out details that are no base 64, which tonic would panic over.
fn without_malformed_details(headers: HeaderMap) -> HeaderMap {
    let mut metadata = MetadataMap::from_headers(headers);
    let details = metadata.get_bin(DETAILS);
    if details.is_some_and(|encoded| encoded.to_bytes().is_err()) {
        metadata.remove_bin(DETAILS);
    }
    metadata.into_headers()
}
