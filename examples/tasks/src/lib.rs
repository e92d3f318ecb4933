//! A task store on Pannier.
//!
//! [`Tasks`] keeps one owner's tasks, each as a JSON record. A task goes through
//! [`Status`]es and does not change any more once it is finished. Nobody's change is lost:
//! every write goes through only over the version that it was made from. A task with
//! `expiresAt` goes away by itself at that time, where the sidecar's store is told to look
//! at that field (`?expiry_json_field=expiresAt` in its URL).

mod error;
mod status;
mod task;
mod tasks;

pub use error::TaskError;
pub use status::{Status, UnknownStatus};
pub use task::Task;
pub use tasks::{Edit, TaskPage, Tasks};
