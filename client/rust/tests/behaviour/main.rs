//! What the client does, against real sidecars and against peers that misbehave.

mod calls;
mod cancelling;
mod closing;
mod connecting;
mod encrypted;
mod kills;
mod lists;
mod peer;
mod raw_peer;
mod shared;
mod turns;
mod unprocessed;
