//! Keeps tasks from the command line.

mod arguments;

use std::num::NonZeroU32;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use pannier::Store;
use tasks::{Edit, Task, TaskError, Tasks};

use crate::arguments::{Command, Invocation, USAGE};

#[tokio::main]
async fn main() -> ExitCode {
    let invocation = match Invocation::read(std::env::args().skip(1)) {
        Ok(invocation) => invocation,
        Err(problem) => {
            eprintln!("{problem}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(invocation).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

async fn run(invocation: Invocation) -> Result<(), TaskError> {
    let store = Store::connect_default()?;
    let tasks = Tasks::of(store, &invocation.owner)?;
    match invocation.command {
        Command::Create { id, title, seconds } => {
            let task = tasks.create(&id, &title, seconds.map(from_now)).await?;
            print_task(&task);
        }
        Command::Show { id } => print_task(&tasks.get(&id).await?),
        Command::Edit { id, title, seconds } => {
            let edit = Edit {
                title,
                expires_at: seconds.map(|seconds| Some(from_now(seconds))),
            };
            let task = tasks.get(&id).await?;
            print_task(&tasks.edit(&task, edit).await?);
        }
        Command::Move { id, status, note } => {
            print_task(&tasks.advance(&id, status, note.as_deref()).await?);
        }
        Command::Remove { id } => {
            let was_there = tasks.remove(&id).await?;
            let what = if was_there {
                "is removed"
            } else {
                "was not there"
            };
            println!("{id} {what}");
        }
        Command::List { size, from } => {
            let page = tasks.page(size, &from).await?;
            page.tasks.iter().for_each(print_task);
            for id in &page.unreadable {
                eprintln!("{id} is no task");
            }
            if !page.next.is_empty() {
                println!("more: --from {}", page.next);
            }
        }
    }
    Ok(())
}

fn print_task(task: &Task) {
    print!(
        "{} v{} {}: {}",
        task.id, task.version, task.status, task.title
    );
    if let Some(note) = &task.note {
        print!(" ({note})");
    }
    if let Some(time) = task.expires_at {
        print!(" until {}", humantime::format_rfc3339_seconds(time));
    }
    println!();
}

fn from_now(seconds: NonZeroU32) -> SystemTime {
    SystemTime::now() + Duration::from_secs(seconds.get().into())
}
