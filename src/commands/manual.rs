//! `otflow completions` and `otflow man`: completions for shells and manual pages, generated from the definition of the command line.

use std::path::Path;

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::Cli;
use crate::exit::Exit;
use crate::say;

/// Prints the completions for a shell.
pub fn completions(shell: Shell) -> Exit {
    say::out(&script(shell));
    Exit::Done
}

/// The script of completions for a shell.
fn script(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "otflow", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Prints the manual page, or writes one for every command into a directory, which is created where it is missing.
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;
    use std::fs;

    fn commands() -> Vec<String> {
        let commands = Cli::command();
        let names = commands.get_subcommands();
        names.map(|command| command.get_name().to_owned()).collect()
    }

    #[test]
    fn every_shell_knows_every_command() {
        for shell in Shell::value_variants() {
            let script = script(*shell);
            for name in commands() {
                assert!(script.contains(&name), "{name} is not in that of {shell}");
            }
        }
    }

    #[test]
    fn every_command_has_its_page() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("share/man1");
        assert_eq!(pages(Some(&place)).unwrap(), Exit::Done);
        for name in commands() {
            let page = fs::read_to_string(place.join(format!("otflow-{name}.1"))).unwrap();
            assert!(page.contains(".SH SYNOPSIS"), "{page}");
        }
        assert!(place.join("otflow.1").is_file());
    }

    #[test]
    fn a_directory_that_can_not_be_had_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = pages(Some(file.path())).unwrap_err().to_string();
        assert!(error.contains(&file.path().display().to_string()));
    }
}
