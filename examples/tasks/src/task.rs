//! One task, and its form in the store.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pannier::{Record, Written};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::TaskError;
use crate::status::Status;

/// One version of a task.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Task {
    /// Its name among its owner's tasks.
    pub id: String,
    /// What is to be done.
    pub title: String,
    /// Where it stands.
    pub status: Status,
    /// What was said when it got there.
    pub note: Option<String>,
    /// When it goes away by the store's word, in whole seconds; `None` for never.
    pub expires_at: Option<SystemTime>,
    /// How often it was written.
    pub version: u64,
    /// Names the one write that made this version.
    pub(crate) etag: String,
    /// As it is stored.
    pub(crate) stored: Stored,
}

/// A task as the store keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stored {
    pub(crate) title: String,
    pub(crate) status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    /// For the sidecar's store to read. It may be someone else's, in a form of RFC 3339 that
    /// this program does not write, so it stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<Value>,
    /// What others keep in the same record.
    #[serde(flatten)]
    pub(crate) other: Map<String, Value>,
}

impl Stored {
    pub(crate) fn decode(data: &[u8]) -> Result<Stored, serde_json::Error> {
        serde_json::from_slice(data)
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

impl Task {
    /// Reads a record, whose key is the owner, a colon and the task's id.
    pub(crate) fn read(record: Record) -> Result<Task, TaskError> {
        let id = record.key.split_once(':').map_or("", |(_, id)| id);
        let stored = Stored::decode(&record.data)?;
        Ok(stored.into_task(id, record.version, record.etag, record.expire_time))
    }

    /// Returns the task that a write has made.
    pub(crate) fn written(id: &str, stored: Stored, made: Written) -> Task {
        stored.into_task(id, made.version, made.etag, made.expire_time)
    }
}

impl Stored {
    fn into_task(
        self,
        id: &str,
        version: u64,
        etag: String,
        expires_at: Option<SystemTime>,
    ) -> Task {
        Task {
            id: id.to_owned(),
            title: self.title.clone(),
            status: self.status,
            note: self.note.clone(),
            expires_at,
            version,
            etag,
            stored: self,
        }
    }
}

/// The end of the year 9999, where RFC 3339 ends.
const LAST_SECOND: Duration = Duration::from_secs(253_402_300_799);

/// Returns a time in RFC 3339. The store rounds fractions of a second up.
pub(crate) fn rfc3339(time: SystemTime) -> Result<Value, TaskError> {
    let since = time.duration_since(UNIX_EPOCH);
    if !since.is_ok_and(|since| since <= LAST_SECOND) {
        return Err(TaskError::NoTime);
    }
    Ok(humantime::format_rfc3339(time).to_string().into())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{LAST_SECOND, Stored, rfc3339};
    use crate::error::TaskError;
    use crate::status::Status;

    #[test]
    fn a_task_is_stored_as_json_with_its_expiry_in_rfc_3339() {
        let time = UNIX_EPOCH + Duration::from_secs(4_000_000_000);
        let stored = Stored {
            title: "write".into(),
            status: Status::InputRequired,
            note: None,
            expires_at: Some(rfc3339(time).unwrap()),
            other: serde_json::Map::new(),
        };
        let text = String::from_utf8(stored.encode().unwrap()).unwrap();
        assert_eq!(
            text,
            r#"{"title":"write","status":"input_required","expiresAt":"2096-10-02T07:06:40Z"}"#
        );
        assert_eq!(Stored::decode(text.as_bytes()).unwrap(), stored);
    }

    #[test]
    fn a_time_that_rfc_3339_cannot_say_is_refused() {
        let nanosecond = Duration::from_nanos(1);
        for time in [
            UNIX_EPOCH - nanosecond,
            UNIX_EPOCH + LAST_SECOND + nanosecond,
        ] {
            assert!(matches!(rfc3339(time), Err(TaskError::NoTime)));
        }
        assert!(rfc3339(UNIX_EPOCH + LAST_SECOND).is_ok());
    }

    #[test]
    fn what_others_keep_in_a_task_stays() {
        for text in [
            r#"{"title":"write","status":"working","colour":"blue"}"#,
            r#"{"title":"write","status":"working","expiresAt":"2096-10-02T09:06:40.5+02:00"}"#,
            r#"{"title":"write","status":"working","expiresAt":17}"#,
        ] {
            let written = Stored::decode(text.as_bytes()).unwrap().encode().unwrap();
            assert_eq!(String::from_utf8(written).unwrap(), text);
        }
    }
}
