//! One task, and its form in the store.

use std::time::SystemTime;

use pannier::Record;
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
    /// When it goes away, in whole seconds; `None` for never.
    pub expires_at: Option<SystemTime>,
    /// How often it was written.
    pub version: u64,
    /// Names the one write that made this version.
    pub(crate) etag: String,
    /// What others keep in the same record.
    pub(crate) other: Map<String, Value>,
}

/// A task as the store keeps it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stored {
    pub(crate) title: String,
    pub(crate) status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339")]
    pub(crate) expires_at: Option<SystemTime>,
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

    /// Returns the task that a write of this has made.
    pub(crate) fn into_task(self, id: &str, version: u64, etag: String) -> Task {
        Task {
            id: id.to_owned(),
            title: self.title,
            status: self.status,
            note: self.note,
            expires_at: self.expires_at,
            version,
            etag,
            other: self.other,
        }
    }
}

impl Task {
    /// Reads a record, whose key is the owner, a colon and the task's id.
    pub(crate) fn read(record: Record) -> Result<Task, TaskError> {
        let id = record.key.split_once(':').map_or("", |(_, id)| id);
        let stored = Stored::decode(&record.data)?;
        Ok(stored.into_task(id, record.version, record.etag))
    }
}

/// Times as the sidecar's store reads them.
mod rfc3339 {
    use std::time::SystemTime;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option)] // Serde hands over the field as it is.
    pub(super) fn serialize<S: Serializer>(
        time: &Option<SystemTime>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => serializer.collect_str(&humantime::format_rfc3339_seconds(*time)),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SystemTime>, D::Error> {
        let text: Option<String> = Option::deserialize(deserializer)?;
        let read = |text: String| humantime::parse_rfc3339(&text).map_err(D::Error::custom);
        text.map(read).transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::Stored;
    use crate::status::Status;

    #[test]
    fn a_task_is_stored_as_json_with_its_expiry_in_rfc_3339() {
        let stored = Stored {
            title: "write".into(),
            status: Status::InputRequired,
            note: None,
            expires_at: Some(UNIX_EPOCH + Duration::from_secs(4_000_000_000)),
            other: serde_json::Map::new(),
        };
        let text = String::from_utf8(stored.encode().unwrap()).unwrap();
        assert_eq!(
            text,
            r#"{"title":"write","status":"input_required","expiresAt":"2096-10-02T07:06:40Z"}"#
        );
        let read = Stored::decode(text.as_bytes()).unwrap();
        assert_eq!(read.expires_at, stored.expires_at);
    }

    #[test]
    fn what_others_keep_in_a_task_stays() {
        let text = r#"{"title":"write","status":"working","colour":"blue"}"#;
        let written = Stored::decode(text.as_bytes()).unwrap().encode().unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), text);
    }
}
