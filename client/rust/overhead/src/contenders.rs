//! Those that are compared: the bare stub and the client, doing the same.

use std::time::Duration;

use pannier::Store;
use tonic::Request;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

use crate::Failure;
use generated::storage_backend_client::StorageBackendClient;
use generated::{GetRequest, PutIfVersionRequest};

/// The code of the contract, as users of the bare stub have it.
#[allow(
    clippy::all,
    clippy::pedantic,
    dead_code,
    missing_docs,
    unreachable_pub
)]
mod generated {
    include!("../../src/generated/pannier.v1.rs");
}

pub(crate) const DATA: [u8; 1000] = [b'x'; 1000];
const TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) type Bare = StorageBackendClient<Channel>;

/// One of them, doing one kind of call.
pub(crate) enum Contender {
    StubGet(Bare, String),
    ClientGet(Store, String),
    StubPut(Bare, String),
    ClientPut(Store, String),
}

impl Contender {
    /// Makes so many calls, one after the other.
    pub(crate) async fn call(&mut self, calls: u32) -> Result<(), Failure> {
        match self {
            Contender::StubGet(bare, key) => stub_gets(bare, key, calls).await,
            Contender::ClientGet(store, key) => client_gets(store, key, calls).await,
            Contender::StubPut(bare, key) => stub_puts(bare, key, calls).await,
            Contender::ClientPut(store, key) => client_puts(store, key, calls).await,
        }
    }
}

/// Returns the bare stub, connected.
pub(crate) async fn bare(address: &str) -> Result<Bare, Failure> {
    let target = match address.strip_prefix("unix:") {
        Some(_) => address.to_owned(),
        None => format!("http://{address}"),
    };
    let channel = Endpoint::from_shared(target)?.connect().await?;
    Ok(Bare::new(channel))
}

async fn stub_get(bare: &mut Bare, key: &str) -> Result<u64, Failure> {
    let mut request = Request::new(GetRequest {
        key: key.to_owned(),
        ..GetRequest::default()
    });
    request.set_timeout(TIMEOUT);
    let answer = bare.get(request).await?.into_inner();
    let record = answer.record.ok_or("there is no record")?;
    check(record.data.len() == DATA.len() && !record.etag.is_empty())?;
    Ok(record.version)
}

async fn stub_gets(bare: &mut Bare, key: &str, calls: u32) -> Result<(), Failure> {
    for _ in 0..calls {
        check(stub_get(bare, key).await? > 0)?;
    }
    Ok(())
}

async fn client_gets(store: &Store, key: &str, calls: u32) -> Result<(), Failure> {
    for _ in 0..calls {
        let record = store.get(key).await?;
        check(record.data.len() == DATA.len() && !record.etag.is_empty() && record.version > 0)?;
    }
    Ok(())
}

async fn stub_puts(bare: &mut Bare, key: &str, calls: u32) -> Result<(), Failure> {
    let mut version = stub_get(bare, key).await?;
    for _ in 0..calls {
        let mut request = Request::new(PutIfVersionRequest {
            key: key.to_owned(),
            data: DATA.to_vec().into(),
            request_id: Uuid::new_v4().to_string(),
            expected_version: version,
            ..PutIfVersionRequest::default()
        });
        request.set_timeout(TIMEOUT);
        let answer = bare.put_if_version(request).await?.into_inner();
        check(!answer.etag.is_empty())?;
        version = answer.version;
    }
    Ok(())
}

async fn client_puts(store: &Store, key: &str, calls: u32) -> Result<(), Failure> {
    let mut version = store.get(key).await?.version;
    for _ in 0..calls {
        let written = store.put_if_version(key, DATA.to_vec(), version).await?;
        check(!written.etag.is_empty())?;
        version = written.version;
    }
    Ok(())
}

fn check(holds: bool) -> Result<(), Failure> {
    if holds {
        Ok(())
    } else {
        Err("an answer is not what was written".into())
    }
}
