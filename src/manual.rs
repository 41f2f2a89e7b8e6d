//! What shells and `man` want to know of the command line, made from the command line itself.

use std::path::Path;

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::Cli;
use crate::launch::Exit;
use crate::say;

/// Prints the completions of `shell`.
pub fn completions(shell: Shell) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "otflow", &mut text);
    say::out(&String::from_utf8_lossy(&text));
    Exit::Done
}

/// Prints the manual page, or writes one for every command into a directory, which is made where it is missing.
///
/// # Errors
/// When a page can't be written.
pub fn pages(directory: Option<&Path>) -> Result<Exit> {
    let Some(directory) = directory else {
        let mut page = Vec::new();
        Man::new(Cli::command()).render(&mut page)?;
        say::out(&String::from_utf8_lossy(&page));
        return Ok(Exit::Done);
    };
    std::fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), directory))
        .with_context(|| format!("cannot write manual pages into {}", directory.display()))?;
    Ok(Exit::Done)
}
