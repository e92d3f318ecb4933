//! What the client gives, as JSON values.

use std::time::{Duration, SystemTime};

use base64::prelude::{BASE64_STANDARD, Engine};
use pannier::{Error, Page, Record, Unreadable, Written};
use serde_json::{Map, Value, json};

/// What fails a call: the client, or a change where the scenario says so.
pub(crate) enum CallFailed {
    Client(Error),
    Change(String),
    /// Not the client: the stage could not do what a scenario wants amid a call.
    Stage(String),
}

impl From<Error> for CallFailed {
    fn from(error: Error) -> Self {
        CallFailed::Client(error)
    }
}

impl From<pannier::ArgumentError> for CallFailed {
    fn from(error: pannier::ArgumentError) -> Self {
        CallFailed::Client(error.into())
    }
}

/// Writes data as a string where it is UTF-8, else in base 64.
pub(crate) fn data_json(data: &[u8]) -> Value {
    match str::from_utf8(data) {
        Ok(text) => json!(text),
        Err(_) => json!({"base64": BASE64_STANDARD.encode(data)}),
    }
}

fn time_json(time: Option<SystemTime>) -> Value {
    json!(time.map(|time| humantime::format_rfc3339_seconds(time).to_string()))
}

pub(crate) fn record_json(record: &Record) -> Value {
    json!({
        "key": record.key,
        "data": data_json(&record.data),
        "version": record.version,
        "etag": record.etag,
        "expire_time": time_json(record.expire_time),
    })
}

pub(crate) fn written_json(written: &Written) -> Value {
    json!({
        "version": written.version,
        "etag": written.etag,
        "expire_time": time_json(written.expire_time),
    })
}

pub(crate) fn unreadable_json(row: &Unreadable) -> Value {
    json!({"key": row.key, "problem": row.problem})
}

pub(crate) fn page_json(page: &Page) -> Value {
    json!({
        "records": page.records.iter().map(record_json).collect::<Value>(),
        "next_page_token": page.next_page_token,
        "unreadable": page.unreadable.iter().map(unreadable_json).collect::<Value>(),
    })
}

/// Writes an error with its facts; `None` where it is not the client's.
pub(crate) fn error_json(failed: &CallFailed) -> Option<Value> {
    let error = match failed {
        CallFailed::Client(error) => error,
        CallFailed::Change(text) => return Some(json!({"kind": "ChangeFailed", "message": text})),
        CallFailed::Stage(_) => return None,
    };
    let (kind, facts) = kind_and_facts(error);
    if kind == "ArgumentError" {
        return Some(json!({"kind": kind, "message": error.message()}));
    }
    let mut fields = json!({
        "kind": kind,
        "message": error.message(),
        "code": error.code().as_str(),
        "reason": error.reason(),
        "write_outcome": error.write_outcome().map(pannier::WriteOutcome::as_str),
    });
    if let (Value::Object(fields), Value::Object(facts)) = (&mut fields, facts) {
        fields.extend(facts);
    }
    Some(fields)
}

/// Returns the kind by the name that the scenarios give it.
pub(crate) fn kind_and_facts(error: &Error) -> (&'static str, Value) {
    let none = Value::Object(Map::new());
    match error {
        Error::NotFound(_) => ("NotFound", none),
        Error::VersionConflict { .. } => ("VersionConflict", conflict_facts(error)),
        Error::AlreadyExists(_) => ("AlreadyExists", none),
        Error::Argument(_) => ("ArgumentError", none),
        Error::InvalidArgument(_) => ("InvalidArgument", none),
        Error::DataTooLarge {
            actual_bytes,
            limit_bytes,
            ..
        } => {
            let facts = json!({"actual_bytes": actual_bytes, "limit_bytes": limit_bytes});
            ("DataTooLarge", facts)
        }
        Error::RequestIdReused(_) => ("RequestIdReused", none),
        Error::Unauthenticated(_) => ("Unauthenticated", none),
        Error::PermissionDenied(_) => ("PermissionDenied", none),
        Error::Throttled { retry_delay, .. } => ("Throttled", delay_facts(*retry_delay)),
        Error::Overloaded { retry_delay, .. } => ("Overloaded", delay_facts(*retry_delay)),
        Error::StoreMisconfigured(_) => ("StoreMisconfigured", none),
        Error::Unavailable(_) => ("Unavailable", none),
        Error::DeadlineExceeded(_) => ("DeadlineExceeded", none),
        Error::CorruptRecord(_) => ("CorruptRecord", none),
        Error::InternalError(_) => ("InternalError", none),
        Error::StoreClosed(_) => ("StoreClosed", none),
        Error::OutcomeUnknown { record, data, .. } => {
            let facts = json!({"record": record_json(record), "data": data_json(data)});
            ("OutcomeUnknown", facts)
        }
        Error::UnreadableRecords {
            unreadable, count, ..
        } => {
            let rows: Value = unreadable.iter().map(unreadable_json).collect();
            (
                "UnreadableRecords",
                json!({"unreadable": rows, "count": count}),
            )
        }
        _ => ("PannierError", none),
    }
}

fn conflict_facts(error: &Error) -> Value {
    match error {
        Error::VersionConflict {
            expected_version,
            actual_version,
            actual_etag,
            ..
        } => json!({
            "expected_version": expected_version,
            "actual_version": actual_version,
            "actual_etag": actual_etag,
        }),
        _ => Value::Null,
    }
}

fn delay_facts(delay: Option<Duration>) -> Value {
    json!({"retry_delay_seconds": delay.map(|delay| delay.as_secs_f64())})
}
