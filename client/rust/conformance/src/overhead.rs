//! What the client costs over its bare generated stub; see `overhead` in the README.

use std::time::{Duration, Instant};

use pannier::Store;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use tonic::Request;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

use crate::Failure;
use crate::arguments::Measuring;
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

const DATA: [u8; 1000] = [b'x'; 1000];
const TIMEOUT: Duration = Duration::from_secs(10);
const WARM_UP_CALLS: u32 = 500;

/// One of those that are compared, doing one kind of call.
enum Contender {
    StubGet(Bare, String),
    ClientGet(Store, String),
    StubPut(Bare, String),
    ClientPut(Store, String),
}

type Bare = StorageBackendClient<Channel>;

/// Wall and CPU time of many calls.
#[derive(Clone, Copy)]
struct Taken {
    wall: Duration,
    cpu: Duration,
}

/// Measures both kinds of calls, and returns the medians as JSON.
pub(crate) async fn run(measuring: &Measuring) -> Result<Value, Failure> {
    let store = Store::connect(&measuring.address)?;
    let bare = Bare::new(channel(&measuring.address).await?);
    let key = pannier::key("overhead", &Uuid::new_v4().to_string())?;
    store.put(&key, DATA.to_vec()).await?;
    let gets = [
        Contender::StubGet(bare.clone(), key.clone()),
        Contender::ClientGet(store.clone(), key.clone()),
    ];
    let puts = [
        Contender::StubPut(bare, key.clone()),
        Contender::ClientPut(store, key),
    ];
    Ok(json!({
        "get": compare(gets, measuring).await?,
        "put_if_version": compare(puts, measuring).await?,
    }))
}

async fn channel(address: &str) -> Result<Channel, Failure> {
    let target = match address.strip_prefix("unix:") {
        Some(_) => address.to_owned(),
        None => format!("http://{address}"),
    };
    Ok(Endpoint::from_shared(target)?.connect().await?)
}

async fn compare(mut pair: [Contender; 2], measuring: &Measuring) -> Result<Value, Failure> {
    for contender in &mut pair {
        contender.measure(WARM_UP_CALLS).await?;
    }
    let mut taken = [Vec::new(), Vec::new()];
    for round in 0..measuring.rounds {
        for turn in 0..2 {
            // The stub is first in odd rounds.
            let index = (turn + 1 + round % 2) % 2;
            taken[index].push(pair[index].measure(measuring.calls).await?);
        }
    }
    let per_call = |index: usize, part: fn(&Taken) -> Duration| {
        let micros = median(taken[index].iter().map(part)) * 1e6;
        (micros / f64::from(measuring.calls) * 100.0).round() / 100.0
    };
    Ok(json!({
        "stub_wall": per_call(0, |taken| taken.wall),
        "client_wall": per_call(1, |taken| taken.wall),
        "stub_cpu": per_call(0, |taken| taken.cpu),
        "client_cpu": per_call(1, |taken| taken.cpu),
    }))
}

fn median(values: impl Iterator<Item = Duration>) -> f64 {
    let mut sorted: Vec<f64> = values.map(|it| it.as_secs_f64()).collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    }
}

impl Contender {
    async fn measure(&mut self, calls: u32) -> Result<Taken, Failure> {
        let (wall, cpu) = (Instant::now(), cpu_time()?);
        match self {
            Contender::StubGet(bare, key) => stub_gets(bare, key, calls).await?,
            Contender::ClientGet(store, key) => client_gets(store, key, calls).await?,
            Contender::StubPut(bare, key) => stub_puts(bare, key, calls).await?,
            Contender::ClientPut(store, key) => client_puts(store, key, calls).await?,
        }
        Ok(Taken {
            wall: wall.elapsed(),
            cpu: cpu_time()?.saturating_sub(cpu),
        })
    }
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

/// Returns the CPU time of the whole process.
fn cpu_time() -> Result<Duration, Failure> {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Ok(Duration::new(
        u64::try_from(time.tv_sec)?,
        u32::try_from(time.tv_nsec)?,
    ))
}
