//! Calls as users make them, against a real sidecar.

use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use pannier::{Error, Store, WriteOutcome};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::peer::{Answer, Peer, Seen};
use crate::shared::{owner, store};

/// An error of the caller's own.
#[derive(Debug)]
enum Failed {
    Store,
    Change,
}

impl From<Error> for Failed {
    fn from(_: Error) -> Self {
        Failed::Store
    }
}

#[tokio::test]
async fn a_key_may_be_borrowed_or_owned_and_data_of_any_kind() {
    let store = store();
    let key = pannier::key(&owner(), "a").unwrap();
    store.put(&key, "text").await.unwrap();
    store.put(&key, String::from("text")).await.unwrap();
    store.put(key.as_str(), vec![0, 255]).await.unwrap();
    store.put(key.clone(), &b"bytes"[..]).await.unwrap();
    let written = store.put(&key, bytes::Bytes::new()).await.unwrap();
    let record = store.get(key).await.unwrap();
    assert_eq!((record.version, record.data.len()), (5, 0));
    assert_eq!(record.etag, written.etag);
}

#[tokio::test]
async fn a_change_may_use_what_is_around_it() {
    let store = store();
    let key = pannier::key(&owner(), "a").unwrap();
    store.put(&key, "1").await.unwrap();
    let mut seen = Vec::new();
    let update = store.update(&key, |data| {
        seen.push(data.to_vec());
        None::<&'static str>
    });
    assert_eq!(update.await.unwrap().version, 1);
    assert_eq!(seen, [b"1"]);
}

#[tokio::test]
async fn a_change_fails_with_the_callers_own_error() {
    let store = store();
    let key = pannier::key(&owner(), "a").unwrap();
    let change = |_: &[u8]| Err::<Option<String>, _>(Failed::Change);
    let failed = store.try_update(&key, change).await;
    assert!(matches!(failed, Err(Failed::Store)), "{failed:?}");
    store.put(&key, "1").await.unwrap();
    let failed = store.try_update(&key, change).await;
    assert!(matches!(failed, Err(Failed::Change)), "{failed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_does_not_write_over_a_record_that_was_made_anew() {
    let store = store();
    let key = pannier::key(&owner(), "a").unwrap();
    store.put(&key, "old").await.unwrap();
    let make_anew = async || {
        store.delete(&key).await.unwrap();
        store.put(&key, "new").await.unwrap()
    };
    let mut changes = 0;
    let update = store.update(&key, |data| {
        changes += 1;
        if changes == 1 {
            let anew = block_in_place(|| Handle::current().block_on(make_anew()));
            assert_eq!(anew.version, 1);
        }
        Some([data, b"!"].concat())
    });
    assert_eq!(update.await.unwrap().data, "new!");
    assert_eq!(changes, 2);
}

#[tokio::test]
async fn a_change_that_takes_all_the_time_leaves_no_doubt() {
    let mut peer = Peer::start(|_| Answer::Message("0"));
    // Enough for the read on a busy machine.
    let time = Duration::from_secs(1);
    let store = peer.builder().timeout(time).connect().unwrap();
    let update = store.update("alice:a", |_| {
        thread::sleep(time);
        Some("2")
    });
    let error = update.await.unwrap_err();
    assert!(matches!(error, Error::DeadlineExceeded(_)), "{error:?}");
    assert_eq!(error.write_outcome(), Some(WriteOutcome::NotApplied));
    let seen = peer.all();
    assert!(
        matches!(seen[..], [Seen::Connection, Seen::Call(_)]),
        "{seen:?}"
    );
}

#[tokio::test]
async fn an_update_can_set_the_expiry() {
    let store = store();
    let key = pannier::key(&owner(), "a").unwrap();
    let time = UNIX_EPOCH + Duration::from_secs(4_000_000_000);
    store.put(&key, "1").await.unwrap();
    let updated = store.update(&key, |_| Some("2")).expire_time(time).await;
    assert_eq!(updated.unwrap().expire_time, Some(time));
    let updated = store.update(&key, |_| Some("3")).await;
    assert_eq!(updated.unwrap().expire_time, Some(time));
    let updated = store.update(&key, |_| Some("4")).never_expires().await;
    assert_eq!(updated.unwrap().expire_time, None);
}

#[tokio::test]
async fn arguments_that_make_no_sense_are_refused_before_anything_is_sent() {
    let store = Store::connect("unix:/nowhere/at/all.sock").unwrap();
    let hour = Duration::from_secs(3600);
    let refusals = [
        store.put("alice:a", "1").ttl(Duration::ZERO).await,
        store.put("alice:a", "1").ttl(hour).never_expires().await,
        store
            .create("alice:a", "1")
            .ttl(hour)
            .expire_time(UNIX_EPOCH)
            .await,
        store
            .put_if_version("alice:a", "1", 1)
            .timeout(Duration::ZERO)
            .await,
    ];
    for refusal in refusals {
        let error = refusal.unwrap_err();
        assert!(matches!(error, Error::Argument(_)), "{error:?}");
        assert_eq!(error.write_outcome(), None);
    }
}

#[tokio::test]
async fn data_larger_than_the_limit_is_refused_by_the_sidecar_with_both_sizes() {
    let store = store();
    let put = store.put(format!("{}:a", owner()), vec![0; 400_000]);
    let error = put.await.unwrap_err();
    let Error::DataTooLarge {
        actual_bytes,
        limit_bytes,
        ..
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!((actual_bytes, limit_bytes), (400_000, 350 * 1024));
}

#[test]
fn calls_and_streams_cross_threads() {
    fn crosses_threads<T: Send>(value: T) -> T {
        value
    }
    fn is_shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    let store = store();
    is_shared(&store);
    drop(crosses_threads(store.get("alice:a").into_future()));
    drop(crosses_threads(
        store.update("alice:a", |_| Some("x")).into_future(),
    ));
    drop(crosses_threads(store.list("alice:").records()));
}
