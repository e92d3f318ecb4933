//! A peer that writes HTTP/2 frames by hand, for what no library would do.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc::UnboundedSender;

const PREFACE_BYTES: usize = 24; // RFC 9113, section 3.4
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;

const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// The setting `MAX_CONCURRENT_STREAMS`, of one.
const ONE_AT_A_TIME: [u8; 6] = [0, 3, 0, 0, 0, 1];

/// `:status: 200`, by HPACK's static table.
const STATUS_200: [u8; 1] = [0x88];

/// `grpc-status: 0`, spelt out.
const GRPC_STATUS_0: &[u8] = b"\x00\x0bgrpc-status\x010";

/// What it does about a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conduct {
    /// Accepts it and says nothing, ever.
    Silence,
    /// Accepts it and closes it at once.
    HangUp,
    /// Says to the first call that it will not look at it, and closes.
    GoAway,
    /// Takes one call at a time, and closes at the first.
    TakeOne,
}

/// Serves so many connections, each in its way; returns those that stay open.
pub(crate) async fn serve(
    listener: &UnixListener,
    conducts: impl IntoIterator<Item = Conduct>,
) -> Vec<UnixStream> {
    let mut silent = Vec::new();
    for conduct in conducts {
        let (mut stream, _) = listener.accept().await.unwrap();
        match conduct {
            Conduct::Silence => silent.push(stream),
            Conduct::HangUp => {}
            Conduct::GoAway => {
                greet(&mut stream, &[]).await;
                await_call(&mut stream).await;
                // The last stream id and the error code are both 0: NO_ERROR, nothing was done.
                Frame::new(GOAWAY, 0, 0, &[0; 8]).send(&mut stream).await;
            }
            Conduct::TakeOne => {
                greet(&mut stream, &ONE_AT_A_TIME).await;
                await_call(&mut stream).await;
            }
        }
    }
    silent
}

/// Serves one connection: sends for each of the first calls, when it is given up, what was on
/// its way then, and answers those that come after. It tells of each of the first calls when
/// it comes, and again when that was sent.
pub(crate) async fn answer_late(mut stream: UnixStream, first: usize, tell: UnboundedSender<()>) {
    greet(&mut stream, &[]).await;
    let mut calls = 0;
    while let Some(frame) = Frame::receive(&mut stream).await {
        match frame.kind {
            HEADERS if calls == first => answer(&mut stream, frame.stream_id).await,
            HEADERS => {
                calls += 1;
                let _ = tell.send(());
            }
            RST_STREAM => {
                begin(&mut stream, frame.stream_id, 1).await;
                let _ = tell.send(());
            }
            _ => {}
        }
    }
}

async fn answer(stream: &mut UnixStream, stream_id: u32) {
    begin(stream, stream_id, 5).await;
    let flags = END_HEADERS | END_STREAM;
    let trailers = Frame::new(HEADERS, flags, stream_id, GRPC_STATUS_0);
    trailers.send(stream).await;
}

/// Sends headers and so many frames of a zero byte; five of them are an empty message.
async fn begin(stream: &mut UnixStream, stream_id: u32, frames: usize) {
    let headers = Frame::new(HEADERS, END_HEADERS, stream_id, &STATUS_200);
    headers.send(stream).await;
    for _ in 0..frames {
        Frame::new(DATA, 0, stream_id, &[0]).send(stream).await;
    }
}

/// Greets, and waits until the client knows that it has.
async fn greet(stream: &mut UnixStream, settings: &[u8]) {
    let mut preface = [0; PREFACE_BYTES];
    stream.read_exact(&mut preface).await.unwrap();
    Frame::new(SETTINGS, 0, 0, settings).send(stream).await;
    let ping = await_frame(stream, PING).await;
    Frame::new(PING, ACK, 0, &ping.payload).send(stream).await;
}

async fn await_call(stream: &mut UnixStream) {
    await_frame(stream, HEADERS).await;
}

async fn await_frame(stream: &mut UnixStream, kind: u8) -> Frame {
    loop {
        let frame = Frame::receive(stream).await.expect("the client goes on");
        if frame.kind == kind {
            return frame;
        }
    }
}

/// RFC 9113, section 4.1.
struct Frame {
    kind: u8,
    flags: u8,
    stream_id: u32,
    payload: Vec<u8>,
}

impl Frame {
    fn new(kind: u8, flags: u8, stream_id: u32, payload: &[u8]) -> Frame {
        Frame {
            kind,
            flags,
            stream_id,
            payload: payload.to_vec(),
        }
    }

    async fn receive(stream: &mut UnixStream) -> Option<Frame> {
        let mut header = [0; 9];
        stream.read_exact(&mut header).await.ok()?;
        let [high, middle, low, kind, flags, id @ ..] = header;
        let length = u32::from_be_bytes([0, high, middle, low]);
        let mut payload = vec![0; usize::try_from(length).ok()?];
        stream.read_exact(&mut payload).await.ok()?;
        Some(Frame::new(kind, flags, u32::from_be_bytes(id), &payload))
    }

    async fn send(&self, stream: &mut UnixStream) {
        let [_, high, middle, low] = u32::try_from(self.payload.len()).unwrap().to_be_bytes();
        let mut encoded = vec![high, middle, low, self.kind, self.flags];
        encoded.extend(self.stream_id.to_be_bytes());
        encoded.extend(&self.payload);
        stream.write_all(&encoded).await.unwrap();
    }
}
