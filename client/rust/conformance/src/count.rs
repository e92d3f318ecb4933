//! Many increments of few counters by several writers; see `count` in the README.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use pannier::{Error, Store, WriteOutcome};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::Failure;
use crate::arguments::Counting;
use crate::results::kind_and_facts;

/// One writer of a key.
struct Writer {
    store: Store,
    key: String,
    /// Which of the numbers in the record is its own, from 0.
    place: usize,
    increments: u64,
    tally: Arc<Tally>,
}

/// What became of the updates.
#[derive(Default)]
struct Tally(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    succeeded: u64,
    settled_applied: u64,
    settled_not_applied: u64,
    failed: BTreeMap<&'static str, u64>,
}

/// Increments counters, and returns what became of it as JSON.
pub(crate) async fn run(counting: Counting) -> Result<Value, Failure> {
    let tally = Arc::new(Tally::default());
    let store = Store::connect(&counting.address)?;
    let zeros = vec!["0"; counting.writers].join(" ");
    let everyone = counting.keys * counting.writers;
    let mut running = JoinSet::new();
    for key in 0..counting.keys {
        let key = pannier::key(&counting.owner, &format!("counter:{key}"))?;
        store.put(&key, zeros.clone()).await?;
        for place in 0..counting.writers {
            let number = running.len();
            let share = counting.increments / everyone
                + usize::from(number < counting.increments % everyone);
            let writer = Writer {
                store: Store::connect(&counting.address)?,
                key: key.clone(),
                place,
                increments: share as u64,
                tally: Arc::clone(&tally),
            };
            running.spawn(writer.run());
        }
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(tally.as_json())
}

impl Writer {
    async fn run(self) -> Result<(), Failure> {
        let mut done = 0;
        while done < self.increments {
            done += u64::from(self.increment(done + 1).await?);
        }
        Ok(())
    }

    /// Makes one increment; tells whether it was made.
    async fn increment(&self, wanted: u64) -> Result<bool, Failure> {
        let change = |data: &[u8]| Ok(Some(raised(data, self.place)?));
        let updated = self
            .store
            .try_update::<_, Broken, _>(&self.key, change)
            .await;
        let error = match updated {
            Ok(_) => {
                self.tally.add(|counts| counts.succeeded += 1);
                return Ok(true);
            }
            Err(Broken::Client(error)) => error,
            Err(Broken::Counter) => return Err("the record holds no counters".into()),
        };
        if matches!(error, Error::OutcomeUnknown { .. }) {
            let applied = self.own_number().await? >= wanted;
            self.tally.add(|counts| {
                let settled = if applied {
                    &mut counts.settled_applied
                } else {
                    &mut counts.settled_not_applied
                };
                *settled += 1;
            });
            return Ok(applied);
        }
        if error.write_outcome() == Some(WriteOutcome::Unknown) {
            return Err(error.into());
        }
        let (kind, _) = kind_and_facts(&error);
        self.tally
            .add(|counts| *counts.failed.entry(kind).or_default() += 1);
        Ok(false)
    }

    /// Returns its own number, once a read succeeds.
    async fn own_number(&self) -> Result<u64, Failure> {
        loop {
            match self.store.get(&self.key).await {
                Ok(record) => {
                    let numbers = numbers(&record.data).ok_or("the record holds no counters")?;
                    return Ok(numbers[self.place]);
                }
                Err(Error::Unavailable(_) | Error::DeadlineExceeded(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// What fails an increment.
enum Broken {
    Client(Error),
    Counter,
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Broken::Client(error)
    }
}

fn raised(data: &[u8], place: usize) -> Result<String, Broken> {
    let mut numbers = numbers(data).ok_or(Broken::Counter)?;
    numbers[place] += 1;
    let words: Vec<String> = numbers.iter().map(u64::to_string).collect();
    Ok(words.join(" "))
}

fn numbers(data: &[u8]) -> Option<Vec<u64>> {
    let words = str::from_utf8(data).ok()?.split(' ');
    words.map(|word| word.parse().ok()).collect()
}

impl Tally {
    fn add(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn as_json(&self) -> Value {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        json!({
            "succeeded": counts.succeeded,
            "unknown": counts.settled_applied + counts.settled_not_applied,
            "settled_applied": counts.settled_applied,
            "settled_not_applied": counts.settled_not_applied,
            "failed": counts.failed,
        })
    }
}
