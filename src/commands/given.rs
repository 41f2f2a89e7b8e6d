//! What a name on the command line stands for: a file, or one of the eight 2-D sets. A name that is neither is answered with the nearest
//! of both.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::file;
use crate::nearest::hint;
use crate::session::Toy;
use crate::table::table_file;

/// The folder of the sessions in a checkout.
const SESSIONS: &str = "sessions";

/// The thing that a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// A file, a stream, or something else of this path that will be refused when it is read.
    File(PathBuf),
    /// A 2-D set that no file of this name hides.
    Toy(Toy),
}

/// Finds what is meant by the name of a session: the file, or of a 2-D set NAME the file NAME.ron or sessions/NAME.ron, else its
/// built-in session.
///
/// # Errors
/// When there is nothing of the name, in a sentence with the nearest one.
pub fn session(name: &Path) -> Result<Given, String> {
    if file::is_stream(name) {
        return Ok(Given::File(name.to_owned()));
    }
    let toy = match find(name, &["ron"], &[SESSIONS])? {
        Given::Toy(toy) => toy,
        file => return Ok(file),
    };
    let file = Path::new(toy.name()).with_extension("ron");
    let files = [file.clone(), Path::new(SESSIONS).join(file)];
    let found = files.into_iter().find(|file| file.is_file());
    Ok(found.map_or(Given::Toy(toy), Given::File))
}

/// Finds the session of a run without arguments: sessions/8gaussians.ron, else the built-in one.
pub fn default_session() -> Given {
    let toy = Toy::EightGaussians;
    let file = Path::new(SESSIONS).join(toy.name()).with_extension("ron");
    match file.is_file() {
        true => Given::File(file),
        false => Given::Toy(toy),
    }
}

/// Finds what is meant by the name of a table: the file, or a 2-D set.
///
/// # Errors
/// As of [`session`].
pub fn table(name: &Path) -> Result<Given, String> {
    if table_file(name).is_file() {
        return Ok(Given::File(name.to_owned()));
    }
    let endings = [
        "csv", "npy", "npz", "tsv", "txt", "parquet", "feather", "arrow",
    ];
    find(name, &endings, &[])
}

/// Finds a file or a 2-D set. Where there is neither, files with one of the `endings` are compared: those beside the wanted one, and
/// in these folders if it is in none.
fn find(name: &Path, endings: &[&str], folders: &[&str]) -> Result<Given, String> {
    let text = name.to_string_lossy();
    let toy = text.parse();
    // A folder may well have the name of a set: that of a run.
    match (name.symlink_metadata(), toy) {
        (Ok(metadata), Ok(toy)) if metadata.is_dir() => return Ok(Given::Toy(toy)),
        (Ok(_), _) => return Ok(Given::File(name.to_owned())),
        (Err(_), Ok(toy)) => return Ok(Given::Toy(toy)),
        (Err(_), Err(_)) => {}
    }
    let parent = name.parent().unwrap_or(Path::new(""));
    let mut known = files(parent, endings);
    let alone = parent.as_os_str().is_empty();
    if alone {
        known.extend(
            folders
                .iter()
                .flat_map(|folder| files(Path::new(folder), endings)),
        );
        known.extend(Toy::ALL.map(|toy| toy.name().to_owned()));
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let sets = match alone {
        true => format!(" 2-D sets: {}", Toy::ALL.map(Toy::name).join(", ")),
        false => String::new(),
    };
    Err(format!(
        "{text}: cannot be read: there is no such file{}{sets}",
        hint(&text, &known)
    ))
}

/// The paths of the files in a folder that have one of these endings; none where it can't be read.
fn files(folder: &Path, endings: &[&str]) -> Vec<String> {
    let here = folder.as_os_str().is_empty();
    let entries = fs::read_dir(if here { Path::new(".") } else { folder });
    let paths = entries.into_iter().flatten().flatten();
    let paths = paths.map(|entry| folder.join(entry.file_name()));
    let mut paths: Vec<String> = paths
        .filter(|path| {
            let ending = path.extension().and_then(OsStr::to_str);
            ending.is_some_and(|ending| endings.contains(&ending))
        })
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_hides_the_set_of_its_name_and_a_slip_finds_the_nearest_of_both() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["moons", "houses.ron", "houses.csv", "notes.md"] {
            fs::write(at(name), "").unwrap();
        }
        assert_eq!(session(&at("moons")), Ok(Given::File(at("moons"))));
        assert_eq!(table(Path::new("rings")), Ok(Given::Toy(Toy::Rings)));
        let nearest = |error: Result<Given, String>| error.unwrap_err();
        let message = nearest(session(&at("huoses.ron")));
        assert!(message.contains("houses.ron`?"), "{message}");
        let message = nearest(table(&at("house.csv")));
        assert!(message.contains("houses.csv`?"), "{message}");
        // A set is none of a folder.
        assert!(session(&at("rings")).is_err());
        for (typed, meant) in [
            ("mons", "moons"),
            ("8gaussian", "8gaussians"),
            ("spirals", "2spirals"),
        ] {
            let message = nearest(table(Path::new(typed)));
            assert!(message.contains(&format!("`{meant}`?")), "{message}");
        }
    }
}
