//! Reads a gRPC status: which error says it best.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::code::Code;
use crate::details::Details;
use crate::errors::Error;
use crate::failure::{Failure, WriteOutcome};
use crate::transport::Loss;

/// What gRPC's runtimes say where a stream was reset or its connection went away (HTTP/2
/// error codes become INTERNAL, UNKNOWN and others).
const BROKEN_STREAM: [&str; 4] = [
    "rst_stream",
    "stream removed",
    "connection reset",
    "socket closed",
];

/// Returns the error for a status.
///
/// `address` is where the sidecar was expected, for the message where it is not there.
pub(crate) fn read_error(status: &tonic::Status, address: &str) -> Error {
    let details = Details::read(status.details());
    let code = Code::of(status.code());
    let broken = details.reason.is_empty() && is_broken_stream(code, status.message());
    let message = if details.reason.is_empty() {
        explain(code, broken, status.message(), address)
    } else {
        status.message().to_owned()
    };
    let mut failure = Failure::new(code, message)
        .with_reason(&details.reason)
        .with_outcome(details.write_outcome);
    if let Some(loss) = Loss::of(status) {
        failure = failure.with_cause(loss.cause());
        if loss.is_unsent() {
            failure = failure.with_outcome(Some(WriteOutcome::NotApplied));
        }
    }
    if broken {
        return Error::Unavailable(failure);
    }
    build(code, failure, details)
}

/// Returns the error for a sidecar that no connection could be made to.
pub(crate) fn unreachable_error(cause: Arc<io::Error>, address: &str) -> Error {
    let message = explain(Code::Unavailable, true, &cause.to_string(), address);
    Error::Unavailable(
        Failure::new(Code::Unavailable, message)
            .with_outcome(Some(WriteOutcome::NotApplied))
            .with_cause(cause),
    )
}

/// Returns the error for a call whose time ran out on this side.
pub(crate) fn out_of_time(address: &str, outcome: Option<WriteOutcome>) -> Error {
    let message = explain(Code::DeadlineExceeded, false, "", address);
    Error::DeadlineExceeded(Failure::new(Code::DeadlineExceeded, message).with_outcome(outcome))
}

/// Tells whether an error that the sidecar did not make means a lost connection.
///
/// The caller's own cancellation never gets here, so CANCELLED is a stream that the other
/// side reset.
fn is_broken_stream(code: Code, text: &str) -> bool {
    match code {
        Code::Cancelled => true,
        Code::Unknown | Code::Internal => {
            let text = text.to_ascii_lowercase();
            BROKEN_STREAM.iter().any(|words| text.contains(words))
        }
        _ => false,
    }
}

/// Returns a message for an error that is not from the sidecar's service itself.
fn explain(code: Code, broken: bool, text: &str, address: &str) -> String {
    match code {
        _ if broken || code == Code::Unavailable => {
            format!("no answer from the sidecar at {address}; is it running there? ({text})")
        }
        Code::DeadlineExceeded => {
            format!("no answer from the sidecar at {address} in time; is it running there?")
        }
        Code::Unimplemented => {
            format!("what answers at {address} is no Pannier sidecar, or of another version")
        }
        _ if text.is_empty() => format!("the call failed with {code}"),
        _ => text.to_owned(),
    }
}

/// Returns the error that fits code and reason; an unknown reason goes by its code.
fn build(code: Code, failure: Failure, details: Details) -> Error {
    match (code, details.reason.as_str()) {
        (Code::NotFound, _) => Error::NotFound(failure),
        (Code::Aborted, _) => Error::VersionConflict {
            expected_version: details.conflict.expected_version,
            actual_version: details.conflict.actual_version,
            actual_etag: details.conflict.actual_etag,
            failure,
        },
        (Code::AlreadyExists, _) => Error::AlreadyExists(failure),
        (Code::InvalidArgument, "DATA_TOO_LARGE") => Error::DataTooLarge {
            actual_bytes: details.too_large.actual_bytes,
            limit_bytes: details.too_large.limit_bytes,
            failure,
        },
        (Code::InvalidArgument, "REQUEST_ID_REUSED") => Error::RequestIdReused(failure),
        (Code::InvalidArgument, _) => Error::InvalidArgument(failure),
        (Code::Unauthenticated, _) => Error::Unauthenticated(failure),
        (Code::PermissionDenied, _) => Error::PermissionDenied(failure),
        (Code::ResourceExhausted, reason) => {
            let overloaded = reason == "OVERLOADED";
            limited(overloaded, details.retry_delay, failure)
        }
        (Code::FailedPrecondition, _) => Error::StoreMisconfigured(failure),
        (Code::Unavailable, _) => Error::Unavailable(failure),
        (Code::DeadlineExceeded, _) => Error::DeadlineExceeded(failure),
        (Code::DataLoss, _) => Error::CorruptRecord(failure),
        (Code::Internal, _) => Error::InternalError(failure),
        _ => Error::Other(failure),
    }
}

fn limited(overloaded: bool, retry_delay: Option<Duration>, failure: Failure) -> Error {
    if overloaded {
        Error::Overloaded {
            retry_delay,
            failure,
        }
    } else {
        Error::Throttled {
            retry_delay,
            failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::time::Duration;

    use bytes::Bytes;
    use prost::Message;
    use prost_types::Any;
    use tonic::{Code as Status, Status as Answer};
    use tonic_types::pb;

    use super::{out_of_time, read_error};
    use crate::code::Code;
    use crate::errors::Error;
    use crate::failure::WriteOutcome;
    use crate::generated::{DataTooLarge, VersionConflict};

    const ADDRESS: &str = "unix:/s.sock";

    fn info(reason: &str, outcome: &str) -> Any {
        let info = pb::ErrorInfo {
            reason: reason.into(),
            domain: "pannier".into(),
            metadata: HashMap::from([("write_outcome".into(), outcome.into())]),
        };
        any("google.rpc.ErrorInfo", &info)
    }

    fn any(name: &str, message: &impl Message) -> Any {
        Any {
            type_url: format!("type.googleapis.com/{name}"),
            value: message.encode_to_vec(),
        }
    }

    fn error(code: Status, text: &str, details: Vec<Any>) -> Error {
        let status = pb::Status {
            details,
            ..pb::Status::default()
        };
        let encoded = Bytes::from(status.encode_to_vec());
        read_error(&Answer::with_details(code, text, encoded), ADDRESS)
    }

    #[test]
    fn a_conflict_has_its_facts() {
        let conflict = VersionConflict {
            expected_version: 1,
            actual_version: u64::MAX / 2,
            actual_etag: "e".into(),
        };
        let details = vec![
            info("VERSION_CONFLICT", "not_applied"),
            any("pannier.v1.VersionConflict", &conflict),
        ];
        let found = error(Status::Aborted, "too late", details);
        assert_eq!(found.reason(), "VERSION_CONFLICT");
        assert_eq!(found.write_outcome(), Some(WriteOutcome::NotApplied));
        let Error::VersionConflict {
            expected_version,
            actual_version,
            actual_etag,
            ..
        } = found
        else {
            panic!("{found:?}");
        };
        let facts = (expected_version, actual_version, actual_etag.as_str());
        assert_eq!(facts, (1, u64::MAX / 2, "e"));
    }

    #[test]
    fn too_much_data_has_both_sizes() {
        let sizes = DataTooLarge {
            actual_bytes: 5,
            limit_bytes: 4,
        };
        let details = vec![
            info("DATA_TOO_LARGE", "not_applied"),
            any("pannier.v1.DataTooLarge", &sizes),
        ];
        let found = error(Status::InvalidArgument, "too much", details);
        let Error::DataTooLarge {
            actual_bytes,
            limit_bytes,
            ..
        } = found
        else {
            panic!("{found:?}");
        };
        assert_eq!((actual_bytes, limit_bytes), (5, 4));
    }

    #[test]
    fn throttling_has_its_delay_and_a_negative_one_is_none_at_all() {
        let delay = |seconds, nanos| {
            let retry_delay = Some(prost_types::Duration { seconds, nanos });
            let info = info("THROTTLED", "not_applied");
            let retry = any("google.rpc.RetryInfo", &pb::RetryInfo { retry_delay });
            match error(Status::ResourceExhausted, "slow down", vec![info, retry]) {
                Error::Throttled { retry_delay, .. } => retry_delay,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(delay(1, 500_000_000), Some(Duration::from_millis(1_500)));
        assert_eq!(delay(-1, 0), Some(Duration::ZERO));
    }

    #[test]
    fn malformed_details_are_left_out() {
        let found = error(
            Status::NotFound,
            "absent",
            vec![Any {
                type_url: "type.googleapis.com/google.rpc.ErrorInfo".into(),
                value: vec![0xff; 4],
            }],
        );
        assert!(matches!(found, Error::NotFound(_)));
        assert_eq!((found.reason(), found.write_outcome()), ("", None));
        let status = Answer::with_details(Status::NotFound, "absent", vec![0xff; 4].into());
        assert!(matches!(read_error(&status, ADDRESS), Error::NotFound(_)));
    }

    #[test]
    fn an_outcome_that_nobody_knows_is_none() {
        let found = error(Status::NotFound, "absent", vec![info("X", "perhaps")]);
        assert_eq!(found.write_outcome(), None);
    }

    #[test]
    fn a_broken_stream_is_unavailable_unless_the_sidecar_made_the_error() {
        for (code, text) in [
            (Status::Cancelled, "whatever"),
            (Status::Internal, "Received RST_STREAM with error code 2"),
            (Status::Unknown, "Stream removed"),
        ] {
            let found = error(code, text, vec![]);
            assert!(matches!(found, Error::Unavailable(_)), "{found:?}");
            assert_eq!(found.code(), Code::of(code));
            let found = error(code, text, vec![info("INTERNAL", "unknown")]);
            assert!(!matches!(found, Error::Unavailable(_)), "{found:?}");
        }
        let found = error(Status::Internal, "a bug", vec![]);
        assert!(matches!(found, Error::InternalError(_)));
    }

    #[test]
    fn errors_that_the_service_did_not_make_say_where_it_was_expected() {
        for code in [
            Status::Unavailable,
            Status::Cancelled,
            Status::Unimplemented,
        ] {
            assert!(error(code, "", vec![]).message().contains(ADDRESS));
        }
        assert!(out_of_time(ADDRESS, None).message().contains(ADDRESS));
        let found = error(Status::OutOfRange, "", vec![]);
        assert_eq!(found.message(), "the call failed with OUT_OF_RANGE");
        let found = error(Status::Unavailable, "no store", vec![info("DRAINING", "")]);
        assert_eq!(found.message(), "no store");
    }
}
