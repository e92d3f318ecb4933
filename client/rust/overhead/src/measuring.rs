//! Lets the contenders take turns, and measures them.

use std::time::{Duration, Instant};

use pannier::Store;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Failure;
use crate::arguments::Arguments;
use crate::contenders::{Contender, DATA, bare};

const WARM_UP_CALLS: u32 = 500;

/// Wall and CPU time of many calls.
#[derive(Clone, Copy)]
struct Taken {
    wall: Duration,
    cpu: Duration,
}

/// Measures both kinds of calls, and returns the medians as JSON.
pub(crate) async fn run(arguments: &Arguments) -> Result<Value, Failure> {
    let store = Store::connect(&arguments.address)?;
    let bare = bare(&arguments.address).await?;
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
        "get": compare(gets, arguments).await?,
        "put_if_version": compare(puts, arguments).await?,
    }))
}

async fn compare(mut pair: [Contender; 2], arguments: &Arguments) -> Result<Value, Failure> {
    for contender in &mut pair {
        contender.call(WARM_UP_CALLS).await?;
    }
    let mut taken = [Vec::new(), Vec::new()];
    for round in 0..arguments.rounds {
        for turn in 0..2 {
            // The stub is first in odd rounds.
            let index = (turn + 1 + round % 2) % 2;
            taken[index].push(measure(&mut pair[index], arguments.calls).await?);
        }
    }
    let per_call = |index: usize, part: fn(&Taken) -> Duration| {
        let micros = median(taken[index].iter().map(part)) * 1e6;
        (micros / f64::from(arguments.calls) * 100.0).round() / 100.0
    };
    Ok(json!({
        "stub_wall": per_call(0, |taken| taken.wall),
        "client_wall": per_call(1, |taken| taken.wall),
        "stub_cpu": per_call(0, |taken| taken.cpu),
        "client_cpu": per_call(1, |taken| taken.cpu),
    }))
}

async fn measure(contender: &mut Contender, calls: u32) -> Result<Taken, Failure> {
    let (wall, cpu) = (Instant::now(), cpu_time()?);
    contender.call(calls).await?;
    Ok(Taken {
        wall: wall.elapsed(),
        cpu: cpu_time()?.saturating_sub(cpu),
    })
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

/// Returns the CPU time of the whole process.
fn cpu_time() -> Result<Duration, Failure> {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Ok(Duration::new(
        u64::try_from(time.tv_sec)?,
        u32::try_from(time.tv_nsec)?,
    ))
}
