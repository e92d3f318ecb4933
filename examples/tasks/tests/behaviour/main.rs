//! What the task store does, on every store that there is to test on.

mod program;
mod stores;
mod tasks;
