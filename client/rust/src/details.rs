//! The details of a gRPC status, which travel as a `google.rpc.Status` (AIP-193).
//!
//! What is missing, malformed or unknown there is left out, never a second error.

use std::time::Duration;

use prost::Message;
use prost_types::Any;
use tonic_types::pb;

use crate::failure::WriteOutcome;
use crate::generated::{DataTooLarge, VersionConflict};

const DOMAIN: &str = "pannier";

/// What the details of a status say, as far as they are there.
#[derive(Debug, Default)]
pub(crate) struct Details {
    pub(crate) reason: String,
    pub(crate) write_outcome: Option<WriteOutcome>,
    pub(crate) retry_delay: Option<Duration>,
    pub(crate) conflict: VersionConflict,
    pub(crate) too_large: DataTooLarge,
}

impl Details {
    /// Reads them, leaving out what is malformed.
    pub(crate) fn read(encoded: &[u8]) -> Details {
        let mut details = Details::default();
        for detail in pb::Status::decode(encoded).unwrap_or_default().details {
            details.take(&detail);
        }
        details
    }

    fn take(&mut self, detail: &Any) {
        let name = detail.type_url.rsplit('/').next().unwrap_or_default();
        match name {
            "google.rpc.ErrorInfo" => self.take_info(unpack(detail)),
            "google.rpc.RetryInfo" => self.retry_delay = Some(retry_delay(&unpack(detail))),
            "pannier.v1.VersionConflict" => self.conflict = unpack(detail),
            "pannier.v1.DataTooLarge" => self.too_large = unpack(detail),
            _ => {}
        }
    }

    fn take_info(&mut self, info: pb::ErrorInfo) {
        if info.domain != DOMAIN {
            return;
        }
        let outcome = info.metadata.get("write_outcome").map(String::as_str);
        self.write_outcome = [WriteOutcome::NotApplied, WriteOutcome::Unknown]
            .into_iter()
            .find(|known| outcome == Some(known.as_str()));
        self.reason = info.reason;
    }
}

fn unpack<M: Message + Default>(detail: &Any) -> M {
    M::decode(detail.value.as_slice()).unwrap_or_default()
}

fn retry_delay(info: &pb::RetryInfo) -> Duration {
    // A negative one says: at once.
    Duration::try_from(info.retry_delay.unwrap_or_default()).unwrap_or_default()
}
