//! The program, as the README shows it.

use std::process::{Command, Output};

use crate::stores::{addresses, owner};

const README: &str = include_str!("../../README.md");

fn run(address: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tasks"))
        .args(arguments)
        .env("PANNIER_ADDRESS", address)
        .output()
        .expect("the program runs")
}

fn said(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8(both).expect("it says text")
}

/// Splits a line of the README as a shell would, for words with spaces in quotes.
fn words(line: &str) -> Vec<&str> {
    let parts = line.split('\'').enumerate();
    parts
        .flat_map(|(index, part)| match index % 2 {
            0 => part.split_whitespace().collect(),
            _ => vec![part],
        })
        .collect()
}

#[test]
fn the_program_does_what_the_readme_shows() {
    for address in addresses() {
        let owner = owner();
        let mut shown = Vec::new();
        for line in README.lines().map(str::trim_start) {
            if let Some(command) = line.strip_prefix("$ tasks --owner alice ") {
                let arguments = [&["--owner", &owner], words(command).as_slice()].concat();
                let output = run(address, &arguments);
                shown = said(&output).lines().map(str::to_owned).collect();
                shown.reverse();
            } else if let Some(wanted) = shown.pop() {
                assert_eq!(line, wanted);
            }
        }
        assert!(shown.is_empty());
    }
}

#[test]
fn a_wrong_command_line_shows_the_right_ones() {
    let address = addresses().next().expect("there is a store");
    for arguments in [
        &["list"][..],
        &["--owner", "alice"],
        &["--owner", "alice", "create", "id"],
        &["--owner", "alice", "list", "--size", "many"],
        &["--owner", "alice", "list", "--size", "0"],
        &["--owner", "alice", "list", "--colour", "blue"],
        &["--owner", "alice", "move", "id", "done"],
    ] {
        let output = run(address, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said(&output).contains("usage: tasks"), "{arguments:?}");
    }
}

#[test]
fn an_owner_with_a_colon_is_refused() {
    let address = addresses().next().expect("there is a store");
    let output = run(address, &["--owner", "alice:bob", "list"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("colon"));
}
