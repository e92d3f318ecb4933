//! What the task store does, on every store that there is to test on.

mod expiry;
mod program;
mod stores;
mod tasks;
