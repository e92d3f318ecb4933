//! Settings that several calls have, each with the same words.

/// Adds the method `timeout`, which sets a field of the builder.
macro_rules! timeout_option {
    ($($field:ident).+) => {
        /// Sets the time for this call, its retries included, in place of the store's.
        #[must_use = "calls do nothing unless awaited"]
        pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
            self.$($field).+ = Some(timeout);
            self
        }
    };
}

/// Adds the methods that say when a record expires, in a field of the builder.
macro_rules! expiry_options {
    ($($field:ident).+) => {
        /// Lets the record expire so long after the call, counted once for all its
        /// attempts. It has to be above 0; fractions of a second round up.
        #[must_use = "calls do nothing unless awaited"]
        pub fn ttl(mut self, ttl: std::time::Duration) -> Self {
            self.$($field).+ = self.$($field).+.and(crate::expiry::Expiry::After(ttl));
            self
        }

        /// Lets the record expire at this time. One that has passed is accepted: the record
        /// is absent at once. Fractions of a second round up.
        #[must_use = "calls do nothing unless awaited"]
        pub fn expire_time(mut self, time: std::time::SystemTime) -> Self {
            self.$($field).+ = self.$($field).+.and(crate::expiry::Expiry::At(time));
            self
        }

        /// Lets the record never expire, whatever its data says.
        #[must_use = "calls do nothing unless awaited"]
        pub fn never_expires(mut self) -> Self {
            self.$($field).+ = self.$($field).+.and(crate::expiry::Expiry::Never);
            self
        }
    };
}

/// Adds the method `request_id`, which sets a field of the builder.
macro_rules! request_id_option {
    ($($field:ident).+) => {
        /// Names this write for all attempts at it, also across processes: a UUID in its
        /// canonical form. Default: a new one for each call.
        #[must_use = "calls do nothing unless awaited"]
        pub fn request_id(mut self, request_id: impl Into<String>) -> Self {
            self.$($field).+ = Some(request_id.into());
            self
        }
    };
}

pub(super) use {expiry_options, request_id_option, timeout_option};
