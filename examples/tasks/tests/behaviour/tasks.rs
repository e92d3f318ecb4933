//! The library, on every store.

use std::num::NonZeroU32;

use pannier::Store;
use tasks::{Edit, Status, Task, TaskError, Tasks};

use crate::stores::{owner, stores};

pub(crate) const TEN: NonZeroU32 = NonZeroU32::new(10).unwrap();
const TWO: NonZeroU32 = NonZeroU32::new(2).unwrap();

fn tasks(store: &Store) -> Tasks {
    Tasks::of(store.clone(), &owner()).unwrap()
}

pub(crate) fn each() -> impl Iterator<Item = Tasks> {
    stores().map(|store| tasks(&store))
}

pub(crate) fn titled(title: &str) -> Edit {
    Edit {
        title: Some(title.to_owned()),
        ..Edit::default()
    }
}

#[tokio::test]
async fn a_task_is_created_once_and_read() {
    for tasks in each() {
        let created = tasks.create("report", "write it", None).await.unwrap();
        assert_eq!((created.version, created.status), (1, Status::Submitted));
        assert_eq!(tasks.get("report").await.unwrap(), created);
        let again = tasks.create("report", "write it", None).await;
        assert!(matches!(again, Err(TaskError::AlreadyExists)), "{again:?}");
        let absent = tasks.get("other").await;
        assert!(matches!(absent, Err(TaskError::NotFound)), "{absent:?}");
    }
}

#[tokio::test]
async fn an_edit_of_a_task_that_someone_else_changed_is_refused() {
    for tasks in each() {
        let mine = tasks.create("report", "write it", None).await.unwrap();
        let theirs = tasks.get("report").await.unwrap();
        let edited = tasks.edit(&theirs, titled("write it well")).await.unwrap();
        assert_eq!(edited.version, 2);
        let refused = tasks.edit(&mine, titled("leave it")).await;
        assert!(
            matches!(refused, Err(TaskError::Conflict { actual_version: 2 })),
            "{refused:?}"
        );
        assert_eq!(tasks.get("report").await.unwrap().title, "write it well");
    }
}

#[tokio::test]
async fn an_edit_of_a_task_that_was_removed_and_created_anew_is_refused() {
    for tasks in each() {
        let old = tasks.create("report", "write it", None).await.unwrap();
        assert!(tasks.remove("report").await.unwrap());
        assert!(!tasks.remove("report").await.unwrap());
        let new = tasks.create("report", "another one", None).await.unwrap();
        assert_eq!(old.version, new.version);
        let refused = tasks.edit(&old, titled("leave it")).await;
        assert!(
            matches!(refused, Err(TaskError::Conflict { .. })),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_task_goes_from_status_to_status_until_it_is_finished() {
    for tasks in each() {
        tasks.create("report", "write it", None).await.unwrap();
        for status in [
            Status::Working,
            Status::InputRequired,
            Status::Working,
            Status::Completed,
        ] {
            let task = tasks
                .advance("report", status, Some("so it is"))
                .await
                .unwrap();
            assert_eq!(task.status, status);
            assert_eq!(task.note.as_deref(), Some("so it is"));
        }
        assert_eq!(tasks.get("report").await.unwrap().version, 5);
    }
}

#[tokio::test]
async fn a_finished_task_does_not_change() {
    for tasks in each() {
        tasks.create("report", "write it", None).await.unwrap();
        let finished = tasks
            .advance("report", Status::Cancelled, None)
            .await
            .unwrap();
        let moved = tasks.advance("report", Status::Working, None).await;
        let edited = tasks.edit(&finished, titled("go on")).await;
        for refused in [moved, edited] {
            assert!(
                matches!(
                    refused,
                    Err(TaskError::Finished {
                        status: Status::Cancelled
                    })
                ),
                "{refused:?}"
            );
        }
        let again = tasks
            .advance("report", Status::Cancelled, None)
            .await
            .unwrap();
        assert_eq!(again, finished);
        assert_eq!(tasks.get("report").await.unwrap(), finished);
    }
}

#[tokio::test]
async fn a_status_that_does_not_follow_is_refused() {
    for tasks in each() {
        tasks.create("report", "write it", None).await.unwrap();
        let refused = tasks.advance("report", Status::Completed, None).await;
        assert!(
            matches!(refused, Err(TaskError::NotAllowed { .. })),
            "{refused:?}"
        );
        assert_eq!(tasks.get("report").await.unwrap().version, 1);
    }
}

#[tokio::test]
async fn of_several_who_finish_a_task_at_once_one_does() {
    for tasks in each() {
        tasks.create("report", "write it", None).await.unwrap();
        tasks
            .advance("report", Status::Working, None)
            .await
            .unwrap();
        let finish = |status| {
            let tasks = tasks.clone();
            tokio::spawn(async move { tasks.advance("report", status, None).await })
        };
        let both = [finish(Status::Completed), finish(Status::Failed)];
        let mut finished = Vec::new();
        for one in both {
            match one.await.unwrap() {
                Ok(task) => finished.push(task),
                Err(TaskError::Finished { .. }) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        assert_eq!(finished, [tasks.get("report").await.unwrap()]);
    }
}

#[tokio::test]
async fn tasks_are_listed_in_pages() {
    for tasks in each() {
        for number in 1..=5 {
            tasks
                .create(&format!("task-{number}"), "do it", None)
                .await
                .unwrap();
        }
        let (mut ids, mut sizes, mut next) = (Vec::new(), Vec::new(), String::new());
        loop {
            let page = tasks.page(TWO, &next).await.unwrap();
            sizes.push(page.tasks.len());
            ids.extend(page.tasks.into_iter().map(|task: Task| task.id));
            next = page.next;
            if next.is_empty() {
                break;
            }
        }
        assert_eq!(sizes, [2, 2, 1]);
        assert_eq!(ids, ["task-1", "task-2", "task-3", "task-4", "task-5"]);
    }
}

#[tokio::test]
async fn one_owner_sees_nothing_of_anothers_tasks() {
    for store in stores() {
        let owner = owner();
        let mine = Tasks::of(store.clone(), &owner).unwrap();
        let theirs = Tasks::of(store.clone(), &format!("{owner}2")).unwrap();
        theirs.create("report", "write it", None).await.unwrap();
        let absent = mine.get("report").await;
        assert!(matches!(absent, Err(TaskError::NotFound)), "{absent:?}");
        assert!(mine.page(TEN, "").await.unwrap().tasks.is_empty());
        assert!(!mine.remove("report").await.unwrap());
        assert!(Tasks::of(store, &format!("{owner}:report")).is_err());
    }
}

#[tokio::test]
async fn what_is_no_task_is_named_and_left_alone() {
    for store in stores() {
        let owner = owner();
        let tasks = Tasks::of(store.clone(), &owner).unwrap();
        store.put(format!("{owner}:note"), "no JSON").await.unwrap();
        tasks.create("report", "write it", None).await.unwrap();
        let page = tasks.page(TEN, "").await.unwrap();
        assert_eq!(
            (page.tasks.len(), page.unreadable),
            (1, vec!["note".to_owned()])
        );
        for refused in [
            tasks.get("note").await,
            tasks.advance("note", Status::Working, None).await,
        ] {
            assert!(matches!(refused, Err(TaskError::NoTask(_))), "{refused:?}");
        }
        assert_eq!(store.get(format!("{owner}:note")).await.unwrap().version, 1);
    }
}
