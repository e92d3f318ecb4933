//! Where a list stands: what to ask for next, also after a break. No I/O.

use std::time::Duration;

use tokio::time::Instant;

use crate::attempts::{Attempts, Safety};
use crate::code::Code;
use crate::errors::Error;
use crate::failure::Failure;
use crate::generated::{ListByPrefixRequest, ListByPrefixResponse};
use crate::messages::read_page;
use crate::records::{Page, Unreadable};
use crate::retries::RetryPolicy;

/// How many unreadable rows an error names.
const MAX_UNREADABLE_KEPT: usize = 1_000;

/// One list over as many streams as it takes.
///
/// A page counts when it was received whole. After a break the list goes on behind the last
/// such page, so no record comes twice and none is left out.
#[derive(Debug)]
pub(crate) struct Listing {
    request: ListByPrefixRequest,
    ended: bool,
    breaking: Option<Break>,
}

/// A break lasts from the first failure after a page until the next page.
#[derive(Debug)]
struct Break {
    attempts: Attempts,
    give_up: Instant,
}

impl Listing {
    /// Starts before the first page.
    pub(crate) fn new(request: ListByPrefixRequest) -> Self {
        Listing {
            request,
            ended: false,
            breaking: None,
        }
    }

    /// Tells whether the last page came, or the limit is reached.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Returns the request that goes on from here.
    pub(crate) fn request(&self) -> &ListByPrefixRequest {
        &self.request
    }

    /// Returns when a break that lasts makes the list fail; `None` while there is no break.
    pub(crate) fn give_up(&self) -> Option<Instant> {
        self.breaking.as_ref().map(|it| it.give_up)
    }

    /// Takes a page that was received, and returns it.
    pub(crate) fn accept(&mut self, answer: ListByPrefixResponse) -> Page {
        self.breaking = None;
        self.request.page_token.clone_from(&answer.next_page_token);
        self.ended = answer.next_page_token.is_empty();
        if self.request.limit > 0 {
            let listed = u32::try_from(answer.records.len()).unwrap_or(u32::MAX);
            self.request.limit = self.request.limit.saturating_sub(listed);
            // A limit of 0 would ask for all, so a list that has its records must end here.
            self.ended |= self.request.limit == 0;
        }
        read_page(answer)
    }

    /// Returns the pause before the next stream, or `None` for no more.
    ///
    /// `give_up`, as passed at the start of a break, ends it.
    pub(crate) fn after_failure(
        &mut self,
        error: &mut Error,
        policy: RetryPolicy,
        give_up: Instant,
        now: Instant,
    ) -> Option<Duration> {
        let breaking = self.breaking.get_or_insert_with(|| Break {
            attempts: Attempts::new(policy, Safety::Read, give_up),
            give_up,
        });
        breaking.attempts.after_failure(error, now)
    }
}

/// Returns the error for a stream that ended well, but before the list's end.
pub(crate) fn cut_short() -> Error {
    let message = "the stream ended before the last page of the list";
    Error::Unavailable(Failure::new(Code::Unavailable, message))
}

/// The unreadable rows that a list met, to be named at its end.
#[derive(Debug, Default)]
pub(crate) struct UnreadableRows {
    kept: Vec<Unreadable>,
    count: u64,
}

impl UnreadableRows {
    /// Remembers a row; memory stays bounded however many there are.
    pub(crate) fn add(&mut self, row: Unreadable) {
        self.count += 1;
        if self.kept.len() < MAX_UNREADABLE_KEPT {
            self.kept.push(row);
        }
    }

    /// Returns the error that names them, where there was one, and forgets them.
    pub(crate) fn take_error(&mut self) -> Option<Error> {
        let UnreadableRows { kept, count } = std::mem::take(self);
        if count == 0 {
            return None;
        }
        let message = format!(
            "{count} stored rows of the list cannot be read as records; \
             their keys are in the error's unreadable: repair or delete them"
        );
        Some(Error::UnreadableRecords {
            unreadable: kept,
            count,
            failure: Failure::new(Code::DataLoss, message).with_reason("RECORD_CORRUPT"),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Listing, MAX_UNREADABLE_KEPT, UnreadableRows, cut_short};
    use crate::errors::Error;
    use crate::generated::{ListByPrefixRequest, ListByPrefixResponse, Record};
    use crate::records::Unreadable;
    use crate::retries::RetryPolicy;

    fn listing(limit: u32) -> Listing {
        Listing::new(ListByPrefixRequest {
            prefix: "alice:".into(),
            limit,
            ..ListByPrefixRequest::default()
        })
    }

    fn answer(records: usize, next_page_token: &str) -> ListByPrefixResponse {
        ListByPrefixResponse {
            records: vec![Record::default(); records],
            next_page_token: next_page_token.into(),
            ..ListByPrefixResponse::default()
        }
    }

    #[test]
    fn a_list_goes_on_behind_its_last_page() {
        let mut listing = listing(0);
        listing.accept(answer(2, "token"));
        assert!(!listing.has_ended());
        assert_eq!(listing.request().page_token, "token");
        assert_eq!(listing.request().limit, 0);
        listing.accept(answer(1, ""));
        assert!(listing.has_ended());
    }

    #[test]
    fn a_limit_is_counted_down_and_ends_the_list() {
        let mut listing = listing(3);
        listing.accept(answer(2, "token"));
        assert_eq!(listing.request().limit, 1);
        listing.accept(answer(1, "token"));
        assert!(listing.has_ended());
    }

    #[test]
    fn a_break_ends_with_the_next_page() {
        let policy = RetryPolicy::new().max_attempts(2).unwrap();
        let now = Instant::now();
        let give_up = now + Duration::from_secs(100);
        let mut listing = listing(0);
        let breaks = |listing: &mut Listing| {
            let pause = listing.after_failure(&mut cut_short(), policy, give_up, now);
            pause.is_some()
        };
        assert!(breaks(&mut listing));
        assert_eq!(listing.give_up(), Some(give_up));
        assert!(!breaks(&mut listing));
        listing.accept(answer(1, "token"));
        assert_eq!(listing.give_up(), None);
        assert!(breaks(&mut listing));
    }

    #[test]
    fn unreadable_rows_are_all_counted_and_the_first_are_kept() {
        let mut rows = UnreadableRows::default();
        assert!(rows.take_error().is_none());
        for number in 0..=MAX_UNREADABLE_KEPT {
            rows.add(Unreadable {
                key: format!("alice:{number}"),
                problem: "its version is missing".into(),
            });
        }
        let error = rows.take_error().unwrap();
        assert_eq!(error.reason(), "RECORD_CORRUPT");
        let Error::UnreadableRecords {
            unreadable, count, ..
        } = error
        else {
            panic!("{error:?}");
        };
        assert_eq!((unreadable.len(), count), (1_000, 1_001));
        assert_eq!(unreadable[0].key, "alice:0");
        assert!(rows.take_error().is_none());
    }
}
