//! Whole files: written under a temporary name in the same directory, synced, renamed. A reader sees the old file or the new
//! one, never half of one, and neither does who comes back after a power cut.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Puts `bytes` at `path`, in place of what was there. An error names the path.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_in(parent(path), path, bytes).map_err(naming("write", path))
}

/// Adds the path and what was tried to an error of the system, which names neither.
pub fn naming(verb: &str, path: &Path) -> impl Fn(io::Error) -> io::Error {
    move |error| {
        io::Error::new(
            error.kind(),
            format!("cannot {verb} {}: {error}", path.display()),
        )
    }
}

fn replace_in(directory: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".otflow-");
    // Temporary files are private by default; these become ordinary files, so the umask decides.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_directory(directory)
}

/// Makes the renaming itself last. Some file systems can't sync a directory and say that the request is invalid.
fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    match File::open(directory)?.sync_all() {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        result => result,
    }
}

fn parent(path: &Path) -> &Path {
    path.parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_replaced_file_holds_the_new_bytes_and_leaves_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("summary.json");
        replace(&path, b"a long first version").unwrap();
        replace(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_error_names_the_path() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("gone").join("x.json");
        let error = replace(&path, b"x").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(
            error
                .to_string()
                .starts_with(&format!("cannot write {}: ", path.display()))
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_as_readable_as_any_other_of_the_user() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        let (ours, ordinary) = (directory.path().join("a"), directory.path().join("b"));
        replace(&ours, b"x").unwrap();
        fs::write(&ordinary, b"x").unwrap();
        assert_eq!(mode(&ours), mode(&ordinary));
    }
}
