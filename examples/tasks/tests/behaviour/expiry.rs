//! When tasks go away, on every store.

use std::time::{Duration, SystemTime};

use tasks::{Edit, Status, TaskError, Tasks};

use crate::stores::{owner, stores};
use crate::tasks::{TEN, each, titled};

fn expiring(expires_at: Option<SystemTime>) -> Edit {
    Edit {
        expires_at: Some(expires_at),
        ..Edit::default()
    }
}

fn in_an_hour() -> SystemTime {
    SystemTime::now() + Duration::from_secs(3600)
}

fn long_ago() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1)
}

#[tokio::test]
async fn a_task_expires_when_its_data_says() {
    for store in stores() {
        let owner = owner();
        let tasks = Tasks::of(store.clone(), &owner).unwrap();
        let task = tasks
            .create("report", "write it", Some(in_an_hour()))
            .await
            .unwrap();
        let expire_time = async || {
            store
                .get(format!("{owner}:report"))
                .await
                .unwrap()
                .expire_time
        };
        let wanted = tasks.get("report").await.unwrap().expires_at;
        assert!(wanted.is_some());
        assert_eq!(expire_time().await, wanted);

        let task = tasks.edit(&task, expiring(None)).await.unwrap();
        assert_eq!(expire_time().await, None);

        tasks.edit(&task, expiring(Some(long_ago()))).await.unwrap();
        let gone = tasks.get("report").await;
        assert!(matches!(gone, Err(TaskError::NotFound)), "{gone:?}");
        assert!(tasks.page(TEN, "").await.unwrap().tasks.is_empty());
        tasks.create("report", "another one", None).await.unwrap();
    }
}

#[tokio::test]
async fn a_task_has_the_expiry_that_the_store_read() {
    for tasks in each() {
        let half_past = SystemTime::UNIX_EPOCH + Duration::from_millis(4_000_000_000_500);
        let full = SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_001);
        let created = tasks.create("report", "write it", Some(half_past));
        let created = created.await.unwrap();
        assert_eq!(created.expires_at, Some(full));
        assert_eq!(tasks.get("report").await.unwrap(), created);
        let edited = tasks.edit(&created, titled("write it well")).await.unwrap();
        assert_eq!(edited.expires_at, Some(full));
        let moved = tasks.advance("report", Status::Working, None).await;
        assert_eq!(moved.unwrap().expires_at, Some(full));
    }
}

#[tokio::test]
async fn a_time_that_others_wrote_in_their_own_way_stays_as_it_is() {
    for store in stores() {
        let owner = owner();
        let tasks = Tasks::of(store.clone(), &owner).unwrap();
        let key = format!("{owner}:report");
        let theirs = r#""expiresAt":"2096-10-02T09:06:39.5+02:00""#;
        let data = format!(r#"{{"title":"write","status":"submitted",{theirs}}}"#);
        store.put(&key, data).await.unwrap();
        let task = tasks.get("report").await.unwrap();
        let wanted = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000));
        assert_eq!(task.expires_at, wanted);
        let edited = tasks.edit(&task, titled("write it")).await.unwrap();
        assert_eq!(edited.expires_at, wanted);
        let moved = tasks.advance("report", Status::Working, None).await;
        assert_eq!(moved.unwrap().expires_at, wanted);
        let record = store.get(&key).await.unwrap();
        let text = String::from_utf8(record.data.to_vec()).unwrap();
        assert!(text.contains(theirs), "{text}");
    }
}
