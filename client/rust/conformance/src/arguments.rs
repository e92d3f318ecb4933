//! The runner's command line.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::Failure;

/// What the arguments say.
pub(crate) struct Options {
    pub(crate) task: Task,
}

/// What there is to do.
pub(crate) enum Task {
    Scenarios {
        control: String,
        files: Vec<PathBuf>,
        only: String,
    },
    Count(Counting),
}

/// How to count; see `count` in the scenarios' README.
pub(crate) struct Counting {
    pub(crate) address: String,
    pub(crate) owner: String,
    pub(crate) keys: usize,
    pub(crate) writers: usize,
    pub(crate) increments: usize,
}

impl Options {
    pub(crate) fn read(arguments: impl Iterator<Item = String>) -> Result<Options, Failure> {
        let mut words = Words::split(arguments)?;
        let task = match words.next("task")?.as_str() {
            "scenarios" => Task::Scenarios {
                control: words.next("CONTROL_ADDRESS")?,
                only: words.named.remove("--only").unwrap_or_default(),
                files: words.rest.drain(..).map(PathBuf::from).collect(),
            },
            "count" => Task::Count(Counting {
                address: words.next("SIDECAR_ADDRESS")?,
                owner: words.option("--owner")?,
                keys: words.option("--keys")?.parse()?,
                writers: words.option("--writers")?.parse()?,
                increments: words.option("--increments")?.parse()?,
            }),
            other => return Err(format!("there is no task {other:?}").into()),
        };
        Ok(Options { task })
    }
}

/// Options by their names, and what else there is in its order.
struct Words {
    named: HashMap<String, String>,
    rest: Vec<String>,
}

impl Words {
    fn split(mut arguments: impl Iterator<Item = String>) -> Result<Words, Failure> {
        let (mut named, mut rest) = (HashMap::new(), Vec::new());
        while let Some(word) = arguments.next() {
            if word.starts_with("--") {
                let value = arguments.next().ok_or(format!("{word} needs a value"))?;
                named.insert(word, value);
            } else {
                rest.push(word);
            }
        }
        Ok(Words { named, rest })
    }

    fn next(&mut self, what: &str) -> Result<String, Failure> {
        if self.rest.is_empty() {
            return Err(format!("{what} is missing").into());
        }
        Ok(self.rest.remove(0))
    }

    fn option(&mut self, name: &str) -> Result<String, Failure> {
        Ok(self
            .named
            .remove(name)
            .ok_or(format!("{name} is missing"))?)
    }
}
