//! The command line.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::str::FromStr;

use tasks::Status;

pub(crate) const USAGE: &str = "\
usage: tasks --owner NAME COMMAND

  create ID TITLE [--expires-in SECONDS]
  show ID
  edit ID [--title TITLE] [--expires-in SECONDS]
  move ID STATUS [--note TEXT]
  remove ID
  list [--size N] [--from NEXT]

It finds the sidecar as every client does: by PANNIER_ADDRESS, else at the default socket.";

const DEFAULT_PAGE_SIZE: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// What one run of the program is to do.
pub(crate) struct Invocation {
    pub(crate) owner: String,
    pub(crate) command: Command,
}

pub(crate) enum Command {
    Create {
        id: String,
        title: String,
        seconds: Option<NonZeroU32>,
    },
    Show {
        id: String,
    },
    Edit {
        id: String,
        title: Option<String>,
        seconds: Option<NonZeroU32>,
    },
    Move {
        id: String,
        status: Status,
        note: Option<String>,
    },
    Remove {
        id: String,
    },
    List {
        size: NonZeroU32,
        from: String,
    },
}

impl Invocation {
    pub(crate) fn read(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut words = Words::split(arguments)?;
        let owner = words.option("--owner").ok_or("--owner is missing")?;
        let command = command(&mut words)?;
        words.check_all_used()?;
        Ok(Invocation { owner, command })
    }
}

fn command(words: &mut Words) -> Result<Command, String> {
    Ok(match words.next("COMMAND")?.as_str() {
        "create" => Command::Create {
            id: words.next("ID")?,
            title: words.next("TITLE")?,
            seconds: words.number("--expires-in")?,
        },
        "show" => Command::Show {
            id: words.next("ID")?,
        },
        "edit" => Command::Edit {
            id: words.next("ID")?,
            title: words.option("--title"),
            seconds: words.number("--expires-in")?,
        },
        "move" => Command::Move {
            id: words.next("ID")?,
            status: words
                .next("STATUS")?
                .parse()
                .map_err(|it| format!("{it}"))?,
            note: words.option("--note"),
        },
        "remove" => Command::Remove {
            id: words.next("ID")?,
        },
        "list" => Command::List {
            size: words.number("--size")?.unwrap_or(DEFAULT_PAGE_SIZE),
            from: words.option("--from").unwrap_or_default(),
        },
        other => return Err(format!("there is no command {other:?}")),
    })
}

/// Options by their names, and what else there is in its order.
struct Words {
    options: HashMap<String, String>,
    rest: Vec<String>,
}

impl Words {
    fn split(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut options, mut rest) = (HashMap::new(), Vec::new());
        while let Some(word) = arguments.next() {
            if word.starts_with("--") {
                let value = arguments.next().ok_or(format!("{word} needs a value"))?;
                options.insert(word, value);
            } else {
                rest.push(word);
            }
        }
        rest.reverse();
        Ok(Words { options, rest })
    }

    fn next(&mut self, what: &str) -> Result<String, String> {
        self.rest.pop().ok_or(format!("{what} is missing"))
    }

    fn option(&mut self, name: &str) -> Option<String> {
        self.options.remove(name)
    }

    fn number<N: FromStr>(&mut self, name: &str) -> Result<Option<N>, String> {
        let problem = |_| format!("{name} needs a number above 0");
        let number = |text: String| text.parse().map_err(problem);
        self.option(name).map(number).transpose()
    }

    fn check_all_used(&self) -> Result<(), String> {
        match self.options.keys().chain(&self.rest).next() {
            Some(word) => Err(format!("{word} has no meaning here")),
            None => Ok(()),
        }
    }
}
