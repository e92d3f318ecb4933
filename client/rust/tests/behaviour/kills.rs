//! A sidecar that is killed again and again while many call it.

use std::sync::Arc;
use std::time::Duration;

use pannier::{Error, RetryPolicy, Store, StoreBuilder, WriteOutcome};
use sidecar::Sidecar;
use tokio::select;
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinSet, block_in_place};

const CALLERS: u32 = 64;
const KILLS: usize = 3;

/// On a busy machine a sidecar takes its time to start.
const ENOUGH: Duration = Duration::from_secs(60);

/// What all callers know: whether to go on, and that someone has done a round.
#[derive(Clone)]
struct Load {
    ended: watch::Receiver<bool>,
    rounds: Arc<Semaphore>,
}

impl Load {
    fn goes_on(&self) -> bool {
        self.rounds.add_permits(1);
        !*self.ended.borrow()
    }
}

/// Lets many callers call a sidecar, each with a key of its own, and kills it meanwhile.
async fn under_kills<F>(
    build: impl Fn(StoreBuilder) -> StoreBuilder,
    caller: impl Fn(Store, String, Load) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut sidecar = Sidecar::start("sqlite://{folder}/records.db").unwrap();
    let builder = Store::builder().address(sidecar.address());
    let store = build(builder.timeout(ENOUGH)).connect().unwrap();
    let (end, ended) = watch::channel(false);
    let rounds = Arc::new(Semaphore::new(0));
    let mut callers = JoinSet::new();
    for number in 0..CALLERS {
        let load = Load {
            ended: ended.clone(),
            rounds: Arc::clone(&rounds),
        };
        callers.spawn(caller(store.clone(), format!("caller-{number}:a"), load));
    }
    for _ in 0..KILLS {
        select! {
            enough = rounds.acquire_many(2 * CALLERS) => enough.unwrap().forget(),
            caller = callers.join_next() => panic!("a caller has ended: {caller:?}"),
        }
        block_in_place(|| sidecar.kill_and_restart()).unwrap();
    }
    end.send_replace(true);
    while let Some(caller) = callers.join_next().await {
        caller.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_may_be_repeated_all_succeed_and_are_done_once() {
    let caller = |store: Store, key: String, load: Load| async move {
        while load.goes_on() {
            assert_eq!(store.create(&key, "1").await.unwrap().version, 1);
            assert_eq!(store.put(&key, "2").await.unwrap().version, 2);
            let third = store.put_if_version(&key, "3", 2).await.unwrap();
            assert_eq!(third.version, 3);
            let changed = store.update(&key, |data| Some([data, b"4"].concat()));
            assert_eq!(changed.await.unwrap().version, 4);
            let record = store.get(&key).await.unwrap();
            assert_eq!((record.data.as_ref(), record.version), (&b"34"[..], 4));
            let mut listed = store.list(&key).records();
            assert_eq!(listed.next().await.unwrap().unwrap(), record);
            assert!(listed.next().await.is_none());
            store.delete(&key).etag(record.etag).await.unwrap();
            let gone = store.get(&key).await;
            assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
        }
    };
    under_kills(|builder| builder, caller).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_failed_write_says_of_itself_is_true() {
    let caller = |store: Store, key: String, load: Load| async move {
        let reader = Store::builder().address(store.address()).timeout(ENOUGH);
        let reader = reader.connect().unwrap();
        let mut stored = String::new();
        let mut number = 0;
        while load.goes_on() {
            number += 1;
            let wanted = number.to_string();
            let outcome = match store.put(&key, wanted.clone()).await {
                Ok(_) => None,
                Err(error) => Some(error.write_outcome().expect("a write has an outcome")),
            };
            let found = match reader.get(&key).await {
                Ok(record) => String::from_utf8(record.data.to_vec()).unwrap(),
                Err(Error::NotFound(_)) => String::new(),
                Err(error) => panic!("{error:?}"),
            };
            match outcome {
                None => assert_eq!(found, wanted),
                Some(WriteOutcome::NotApplied) => assert_eq!(found, stored),
                Some(WriteOutcome::Unknown) => assert!(found == wanted || found == stored),
            }
            stored = found;
        }
    };
    under_kills(|builder| builder.retries(RetryPolicy::none()), caller).await;
}
