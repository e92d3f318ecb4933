//! The command line: `SIDECAR_ADDRESS --calls N --rounds R`.

use crate::Failure;

/// What to measure.
pub(crate) struct Arguments {
    pub(crate) address: String,
    /// In each round, of each kind and way.
    pub(crate) calls: u32,
    pub(crate) rounds: usize,
}

impl Arguments {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Arguments, Failure> {
        let address = words.next().ok_or("SIDECAR_ADDRESS is missing")?;
        let (mut calls, mut rounds) = (None, None);
        while let Some(word) = words.next() {
            let value = words.next().ok_or(format!("{word} needs a value"))?;
            match word.as_str() {
                "--calls" => calls = Some(value.parse()?),
                "--rounds" => rounds = Some(value.parse()?),
                _ => return Err(format!("{word} has no meaning here").into()),
            }
        }
        Ok(Arguments {
            address,
            calls: calls.ok_or("--calls is missing")?,
            rounds: rounds.ok_or("--rounds is missing")?,
        })
    }
}
