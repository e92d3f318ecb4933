//! One owner's tasks.

use std::num::NonZeroU32;
use std::time::SystemTime;

use pannier::Store;

use crate::error::TaskError;
use crate::status::Status;
use crate::task::{Stored, Task, rfc3339};

/// One owner's tasks. No other owner's can be reached through it.
#[derive(Clone, Debug)]
pub struct Tasks {
    store: Store,
    owner: String,
}

/// What is to be different about a task; nothing by default.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// The new title.
    pub title: Option<String>,
    /// The new time when it goes away, or `Some(None)` for never.
    pub expires_at: Option<Option<SystemTime>>,
}

/// Some of an owner's tasks.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TaskPage {
    /// The tasks, in the order of their ids.
    pub tasks: Vec<Task>,
    /// Where the next page begins; empty at the end.
    pub next: String,
    /// The ids of what is stored among the tasks and is none.
    pub unreadable: Vec<String>,
}

impl Tasks {
    /// Returns the tasks of an owner, whose name holds no colon.
    pub fn of(store: Store, owner: &str) -> Result<Tasks, TaskError> {
        pannier::prefix(owner, "")?;
        let owner = owner.to_owned();
        Ok(Tasks { store, owner })
    }

    /// Creates a task, which is [`Submitted`](Status::Submitted) then.
    ///
    /// Fails with [`AlreadyExists`](TaskError::AlreadyExists).
    pub async fn create(
        &self,
        id: &str,
        title: &str,
        expires_at: Option<SystemTime>,
    ) -> Result<Task, TaskError> {
        let stored = Stored {
            title: title.to_owned(),
            status: Status::Submitted,
            note: None,
            expires_at: expires_at.map(rfc3339).transpose()?,
            other: serde_json::Map::new(),
        };
        let made = self.store.create(self.key(id)?, stored.encode()?).await?;
        Ok(Task::written(id, stored, made))
    }

    /// Returns a task.
    ///
    /// Fails with [`NotFound`](TaskError::NotFound).
    pub async fn get(&self, id: &str) -> Result<Task, TaskError> {
        Task::read(self.store.get(self.key(id)?).await?)
    }

    /// Changes a task that was read before, unless someone else has changed it since.
    ///
    /// Fails with [`Conflict`](TaskError::Conflict) then, with
    /// [`Finished`](TaskError::Finished) where the task is finished, and with
    /// [`NotFound`](TaskError::NotFound).
    pub async fn edit(&self, task: &Task, edit: Edit) -> Result<Task, TaskError> {
        let status = task.status;
        if status.is_final() {
            return Err(TaskError::Finished { status });
        }
        let mut stored = task.stored.clone();
        if let Some(title) = edit.title {
            stored.title = title;
        }
        if let Some(expires_at) = edit.expires_at {
            stored.expires_at = expires_at.map(rfc3339).transpose()?;
        }
        // Nothing is said of the record's expiry: the store takes it from the new data.
        let made = self
            .store
            .put_if_version(self.key(&task.id)?, stored.encode()?, task.version)
            .etag(&task.etag)
            .await?;
        Ok(Task::written(&task.id, stored, made))
    }

    /// Moves a task on to another status, whoever else changes it at the same time. A task
    /// that has the status already stays as it is.
    ///
    /// Fails with [`NotAllowed`](TaskError::NotAllowed) or
    /// [`Finished`](TaskError::Finished) by the status that the task has when it is written,
    /// and with [`NotFound`](TaskError::NotFound).
    pub async fn advance(
        &self,
        id: &str,
        to: Status,
        note: Option<&str>,
    ) -> Result<Task, TaskError> {
        let change = |data: &[u8]| advanced(Stored::decode(data)?, to, note);
        Task::read(self.store.try_update(self.key(id)?, change).await?)
    }

    /// Removes a task, finished or not; tells whether it was there.
    pub async fn remove(&self, id: &str) -> Result<bool, TaskError> {
        Ok(self.store.delete(self.key(id)?).await?)
    }

    /// Returns a page of at most `size` tasks (at most 1,000): the first, or the one that
    /// begins at `from`, which an earlier page has as its `next`.
    pub async fn page(&self, size: NonZeroU32, from: &str) -> Result<TaskPage, TaskError> {
        let list = self.store.list(pannier::prefix(&self.owner, "")?);
        let list = list
            .page_size(size.get())
            .limit(size.get())
            .page_token(from);
        let mut page = TaskPage {
            tasks: Vec::new(),
            next: String::new(),
            unreadable: Vec::new(),
        };
        if let Some(found) = list.pages().next().await.transpose()? {
            page.next = found.next_page_token;
            for record in found.records {
                let key = record.key.clone();
                match Task::read(record) {
                    Ok(task) => page.tasks.push(task),
                    Err(_) => page.unreadable.push(self.id(&key)),
                }
            }
            let rows = found.unreadable.iter().map(|row| self.id(&row.key));
            page.unreadable.extend(rows);
        }
        Ok(page)
    }

    fn key(&self, id: &str) -> Result<String, TaskError> {
        Ok(pannier::key(&self.owner, id)?)
    }

    fn id(&self, key: &str) -> String {
        key[self.owner.len() + 1..].to_owned()
    }
}

/// Returns a task's new data, or `None` where it is there already.
fn advanced(
    mut stored: Stored,
    to: Status,
    note: Option<&str>,
) -> Result<Option<Vec<u8>>, TaskError> {
    let from = stored.status;
    if from == to {
        return Ok(None);
    }
    if from.is_final() {
        return Err(TaskError::Finished { status: from });
    }
    if !from.may_become(to) {
        return Err(TaskError::NotAllowed { from, to });
    }
    stored.status = to;
    stored.note = note.map(str::to_owned);
    Ok(Some(stored.encode()?))
}
