//! The sidecar says how many calls may run at a time; the others wait, and were not sent.

use std::time::Duration;

use pannier::{Error, WriteOutcome};
use tokio::join;

use crate::peer::{Answer, Peer};
use crate::raw_peer::Conduct;
use crate::unprocessed::store_after;

#[tokio::test]
async fn a_call_that_waits_for_its_turn_leaves_no_doubt() {
    let mut peer = Peer::start_allowing(1, |_| Answer::Nothing);
    let store = peer.store();
    let running = tokio::spawn(store.get("alice:a").into_future());
    peer.call().await;
    let waiting = store.put("alice:a", "1").timeout(Duration::from_millis(50));
    let error = waiting.await.unwrap_err();
    assert!(matches!(error, Error::DeadlineExceeded(_)), "{error:?}");
    assert_eq!(error.write_outcome(), Some(WriteOutcome::NotApplied));
    running.abort();
}

#[tokio::test]
async fn a_call_has_its_turn_when_another_is_given_up_or_answered() {
    let mut peer = Peer::start_allowing(1, |call| match call {
        0 => Answer::Nothing,
        _ => Answer::Message("0"),
    });
    let store = peer.store();
    let running = tokio::spawn(store.get("alice:a").into_future());
    peer.call().await;
    let calls = [0; 3].map(|_| tokio::spawn(store.get("alice:a").into_future()));
    running.abort();
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_list_has_its_turn_until_it_is_over_or_dropped() {
    let peer = Peer::start_allowing(1, |call| match call {
        0 => Answer::Half,
        _ => Answer::Message("0"),
    });
    let store = peer.store();
    let mut pages = store.list("alice:").pages();
    pages.next().await.unwrap().unwrap();
    let soon = Duration::from_millis(50);
    store.get("alice:a").timeout(soon).await.unwrap_err();
    drop(pages);
    let mut pages = store.list("alice:").pages();
    while let Some(page) = pages.next().await {
        page.unwrap();
    }
    store.get("alice:a").await.unwrap();
}

#[tokio::test]
async fn a_call_whose_turn_never_came_is_sent_over_another_connection() {
    let (store, _folder) = store_after(vec![Conduct::TakeOne]);
    let (one, other) = join!(
        store.delete("alice:a").into_future(),
        store.delete("alice:b").into_future()
    );
    // It makes no difference which of them was the first.
    let outcomes = [one, other].map(|done| done.map_err(|error| error.write_outcome()));
    assert!(outcomes.contains(&Ok(false)), "{outcomes:?}");
    let doubt = Err(Some(WriteOutcome::Unknown));
    assert!(outcomes.contains(&doubt), "{outcomes:?}");
}

#[tokio::test]
async fn calls_that_wait_for_their_turn_end_with_the_store() {
    let mut peer = Peer::start_allowing(1, |_| Answer::Nothing);
    let store = peer.store();
    let running = tokio::spawn(store.get("alice:a").into_future());
    peer.call().await;
    let waiting = tokio::spawn(store.put("alice:a", "1").into_future());
    tokio::task::yield_now().await;
    store.close();
    let error = waiting.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::StoreClosed(_)), "{error:?}");
    assert_eq!(error.write_outcome(), Some(WriteOutcome::NotApplied));
    running.await.unwrap().unwrap_err();
}
