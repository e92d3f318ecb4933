//! The conformance runner: what the scenarios' README says of one, but for `overhead`.

mod arguments;
mod calls;
mod control;
mod count;
mod matching;
mod results;
mod scenarios;
mod substitution;

use std::env;
use std::error::Error;
use std::process::ExitCode;

use crate::arguments::{Options, Task};
use crate::control::Control;

/// What ends the runner itself, unlike what fails a scenario.
type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    match Options::read(env::args().skip(1))?.task {
        Task::Scenarios {
            control,
            files,
            only,
        } => {
            let failed = scenarios::run(&Control::connect(&control)?, &files, &only).await?;
            return Ok(ExitCode::from(u8::from(failed > 0)));
        }
        Task::Count(counting) => println!("{}", count::run(counting).await?),
    }
    Ok(ExitCode::SUCCESS)
}
