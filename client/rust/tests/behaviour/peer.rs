//! A peer that speaks HTTP/2 and answers calls as a test wants.

use std::future::poll_fn;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, Request, Response};
use pannier::{Store, StoreBuilder};
use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

/// How much later a late status comes.
const LATE: Duration = Duration::from_millis(30);

/// A gRPC message without any field, framed.
const EMPTY_MESSAGE: [u8; 5] = [0; 5];

/// What the peer does about a call.
#[derive(Clone)]
pub(crate) enum Answer {
    /// Answers with a message and this `grpc-status`.
    Message(&'static str),
    /// Answers with a message at once, and with its status a little later.
    LateStatus,
    /// Answers without a message, with these headers alone.
    Headers(Vec<(&'static str, &'static str)>),
    /// Answers with a message, and ends without a status.
    NoStatus,
    /// Begins to answer, and then nothing comes.
    Half,
    /// Nothing comes.
    Nothing,
    /// Resets the stream.
    Reset(Reason),
}

/// What the peer saw.
#[derive(Debug)]
pub(crate) enum Seen {
    Connection,
    Call(HeaderMap),
    Reset(Reason),
    End,
}

/// A peer at a Unix socket of its own.
pub(crate) struct Peer {
    socket: PathBuf,
    seen: UnboundedReceiver<Seen>,
    _folder: TempDir,
}

impl Peer {
    /// Starts one that does as `script` says about each call, by its number from 0.
    pub(crate) fn start(script: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Peer {
        Peer::start_allowing(u32::MAX, script)
    }

    /// Starts one that allows so many calls at a time.
    pub(crate) fn start_allowing(
        calls: u32,
        script: impl Fn(usize) -> Answer + Send + Sync + 'static,
    ) -> Peer {
        let folder = TempDir::new().unwrap();
        let socket = folder.path().join("peer.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let (tell, seen) = unbounded_channel();
        tokio::spawn(accept(listener, calls, Arc::new(script), tell));
        Peer {
            socket,
            seen,
            _folder: folder,
        }
    }

    /// Serves at a socket for as long as it is polled.
    pub(crate) async fn serve(
        listener: UnixListener,
        script: impl Fn(usize) -> Answer + Send + Sync + 'static,
    ) {
        accept(listener, u32::MAX, Arc::new(script), unbounded_channel().0).await;
    }

    pub(crate) fn address(&self) -> String {
        format!("unix:{}", self.socket.display())
    }

    pub(crate) fn builder(&self) -> StoreBuilder {
        Store::builder().address(self.address())
    }

    pub(crate) fn store(&self) -> Store {
        self.builder().connect().unwrap()
    }

    /// Returns what it sees next.
    pub(crate) async fn next(&mut self) -> Seen {
        self.seen.recv().await.expect("the peer goes on")
    }

    /// Returns the headers of the next call.
    pub(crate) async fn call(&mut self) -> HeaderMap {
        loop {
            if let Seen::Call(headers) = self.next().await {
                return headers;
            }
        }
    }

    /// Returns why the next stream is reset.
    pub(crate) async fn reset(&mut self) -> Reason {
        loop {
            if let Seen::Reset(reason) = self.next().await {
                return reason;
            }
        }
    }

    /// Returns when the next connection has ended.
    pub(crate) async fn end(&mut self) {
        while !matches!(self.next().await, Seen::End) {}
    }

    /// Returns what it saw so far and nobody has asked for.
    pub(crate) fn all(&mut self) -> Vec<Seen> {
        std::iter::from_fn(|| self.seen.try_recv().ok()).collect()
    }
}

type Script = Arc<dyn Fn(usize) -> Answer + Send + Sync>;

async fn accept(listener: UnixListener, allowed: u32, script: Script, tell: UnboundedSender<Seen>) {
    let mut calls = 0..;
    let mut server = h2::server::Builder::new();
    server.max_concurrent_streams(allowed);
    while let Ok((stream, _)) = listener.accept().await {
        let _ = tell.send(Seen::Connection);
        // One connection at a time: the calls are numbered over all of them.
        converse(stream, &server, &script, &mut calls, &tell).await;
        let _ = tell.send(Seen::End);
    }
}

async fn converse(
    stream: UnixStream,
    server: &h2::server::Builder,
    script: &Script,
    calls: &mut impl Iterator<Item = usize>,
    tell: &UnboundedSender<Seen>,
) {
    let Ok(mut connection) = server.handshake(stream).await else {
        return;
    };
    while let Some(Ok((request, respond))) = connection.accept().await {
        let answer = script(calls.next().unwrap());
        tokio::spawn(answer_call(request, respond, answer, tell.clone()));
    }
}

async fn answer_call(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    answer: Answer,
    tell: UnboundedSender<Seen>,
) {
    let (head, mut body) = request.into_parts();
    while let Some(Ok(chunk)) = body.data().await {
        let _ = body.flow_control().release_capacity(chunk.len());
    }
    let _ = tell.send(Seen::Call(head.headers));
    match answer {
        Answer::Message(status) => send_message(&mut respond, Some(status)),
        Answer::NoStatus => send_message(&mut respond, None),
        Answer::LateStatus => {
            let mut stream = begin(&mut respond, false);
            let cut_off = timeout(LATE, poll_fn(|context| stream.poll_reset(context))).await;
            match cut_off {
                Ok(reason) => drop(reason.map(|reason| tell.send(Seen::Reset(reason)))),
                Err(_) => end(&mut stream, "0"),
            }
        }
        Answer::Headers(headers) => {
            let mut response = Response::new(());
            for (name, value) in headers {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            respond.send_response(response, true).unwrap();
        }
        Answer::Half => {
            let mut stream = begin(&mut respond, false);
            let reason = poll_fn(|context| stream.poll_reset(context)).await;
            let _ = reason.map(|reason| tell.send(Seen::Reset(reason)));
        }
        Answer::Nothing => {
            let reason = poll_fn(|context| respond.poll_reset(context)).await;
            let _ = reason.map(|reason| tell.send(Seen::Reset(reason)));
        }
        Answer::Reset(reason) => respond.send_reset(reason),
    }
}

fn send_message(respond: &mut SendResponse<Bytes>, status: Option<&'static str>) {
    let mut stream = begin(respond, status.is_none());
    if let Some(status) = status {
        end(&mut stream, status);
    }
}

/// Sends headers and a message, which may be all there is.
fn begin(respond: &mut SendResponse<Bytes>, is_all: bool) -> SendStream<Bytes> {
    let mut stream = respond.send_response(Response::new(()), false).unwrap();
    let message = Bytes::from_static(&EMPTY_MESSAGE);
    stream.send_data(message, is_all).unwrap();
    stream
}

fn end(stream: &mut SendStream<Bytes>, status: &'static str) {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", status.parse().unwrap());
    stream.send_trailers(trailers).unwrap();
}
