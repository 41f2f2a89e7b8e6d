//! Files that are written whole.
//!
//! | to write | take | which |
//! | --- | --- | --- |
//! | what the user names: a table, a picture, a report, a session | [`write_output`], [`create_output`], [`OutputPlace`] and [`Output`] | goes where the path leads: links, pipes, devices, stdout (`output.rs`, `destination.rs`) |
//! | a session file that is edited | [`overwrite`] | does the same, but makes no new file |
//! | a file of a run directory, and what else the program names | [`replace`], [`replace_with`]; [`begin`] and [`finish`]; [`create`] | is written under a temporary name beside it, synced and renamed |
//!
//! A reader sees the old file or the new one, never half of one, also after a power cut; `output.rs` says where outputs fall short of that.
//! To read, [`open()`] takes regular files only, [`open_stream`] all else.

mod attributes;
mod destination;
mod output;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use tempfile::NamedTempFile;

pub use destination::{
    STANDARD, is_nameless, is_stdout, is_stream, is_terminal, keeps_apart, open_stream,
};
pub use output::{Output, OutputPlace, create_output, write_output};

/// The beginning of temporary names.
const TEMPORARY_PREFIX: &str = ".otflow-";

/// Deletes the temporary files that a killed process has left in a directory. No other process may be writing there.
///
/// # Errors
/// The directory can't be read, or a file can't be removed; the error names the path.
pub fn remove_temporary_files(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory).map_err(naming("read", directory))? {
        let entry = entry.map_err(naming("read", directory))?;
        let temporary = entry
            .file_name()
            .to_string_lossy()
            .starts_with(TEMPORARY_PREFIX);
        if temporary && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let path = entry.path();
            fs::remove_file(&path).map_err(naming("remove", &path))?;
        }
    }
    Ok(())
}

/// Opens an ordinary file to be read: opening a pipe would block, perhaps for ever, and a device may have no end.
///
/// # Errors
/// The error of the system, or a sentence for what is no ordinary file.
pub fn open(path: &Path) -> io::Result<File> {
    if fs::metadata(path)?.is_file() {
        File::open(path)
    } else {
        Err(io::Error::other("it is no ordinary file"))
    }
}

/// Writes a file of these bytes, in the place of an old one.
///
/// # Errors
/// The file can't be written; the error names the path.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = begin(path)?;
    file.write_all(bytes).map_err(naming("write", path))?;
    finish(file, path)
}

/// Writes a file with `write`, in the place of an old one, however long it becomes.
///
/// # Errors
/// The error of `write`, or the file can't be written; the old file stays.
pub fn replace_with(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = begin(path)?;
    let mut out = BufWriter::new(file.as_file_mut());
    write(&mut out)?;
    let written = out.flush();
    drop(out);
    written.map_err(naming("write", path))?;
    finish(file, path)
}

/// Begins a file for `path` under a temporary name: [`finish`] moves it there, dropping it deletes it.
///
/// # Errors
/// The file can't be made; the error names the path.
pub fn begin(path: &Path) -> io::Result<NamedTempFile> {
    temporary(parent(path)).map_err(naming("write", path))
}

/// Moves a file of [`begin`] to `path`, in the place of an old one.
///
/// # Errors
/// The file can't be synced or renamed; the error names the path.
pub fn finish(file: NamedTempFile, path: &Path) -> io::Result<()> {
    put(file, path).map_err(naming("write", path))
}

/// Writes a new file of these bytes; returns false if there is a file already.
///
/// # Errors
/// The file can't be written; the error names the path.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let created = || {
        let mut file = temporary(parent(path))?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(path) {
            Ok(_) => sync_directory(parent(path)).map(|()| true),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error.error),
        }
    };
    created().map_err(naming("write", path))
}

/// Overwrites a file that exists, at the end of all links to it, as [`write_output`] does.
///
/// # Errors
/// There is no file, the user may not write to it, or it can't be written; the error names the path.
pub fn overwrite(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::metadata(path).map_err(naming("write", path))?;
    write_output(path, bytes)
}

/// Makes a function that adds a verb and a path to an error of the system, which names neither what was tried nor where.
pub fn naming(verb: &str, path: &Path) -> impl Fn(io::Error) -> io::Error {
    move |error| {
        io::Error::new(
            error.kind(),
            format!("cannot {verb} {}: {error}", path.display()),
        )
    }
}

/// Whether an error is that of a file that takes nothing more: a full disk, a quota, a limit on the size of files.
pub fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

/// Makes a temporary file in a directory.
fn temporary(directory: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY_PREFIX);
    // Temporary files are private by default; these become ordinary files, so the umask decides.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(directory)
}

/// Syncs a file, renames it to `path`, and makes the renaming last.
fn put(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_directory(parent(path))
}

/// Syncs a directory, so that a renaming in it lasts. Some file systems can't sync a directory and say that the request is invalid;
/// and one that may be written to need not be readable.
fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    match File::open(directory)?.sync_all() {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput
                    | io::ErrorKind::Unsupported
                    | io::ErrorKind::PermissionDenied
            ) =>
        {
            Ok(())
        }
        result => result,
    }
}

/// The directory of a path.
fn parent(path: &Path) -> &Path {
    path.parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_holds_the_new_bytes_and_leaves_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("summary.json");
        replace(&path, b"a long first version").unwrap();
        replace(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn only_ordinary_files_are_opened() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        for path in [directory.path(), &pipe, Path::new("/dev/zero")] {
            let error = open(path).unwrap_err().to_string();
            assert_eq!(error, "it is no ordinary file");
        }
        let missing = open(&directory.path().join("gone")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn what_is_not_written_to_its_end_leaves_the_old_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("metrics.csv");
        replace_with(&path, |out| out.write_all(b"first")).unwrap();
        let half = replace_with(&path, |out| {
            out.write_all(b"half of it")?;
            Err(io::Error::other("the rest can't be read"))
        });
        assert_eq!(half.unwrap_err().to_string(), "the rest can't be read");
        assert_eq!(fs::read(&path).unwrap(), b"first");
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

    #[test]
    fn what_was_left_half_written_is_swept_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("metrics.jsonl");
        replace(&path, b"whole").unwrap();
        let half = begin(&path).unwrap().keep().unwrap().1;
        assert!(half.is_file());
        remove_temporary_files(directory.path()).unwrap();
        assert!(!half.exists() && path.is_file());
    }

    #[test]
    fn a_created_file_takes_nobodys_place() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s.ron");
        assert!(create(&path, b"first").unwrap());
        assert!(!create(&path, b"second").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        let error = create(&path.join("gone"), b"").unwrap_err().to_string();
        assert!(error.contains("gone"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_renewed_file_keeps_its_permissions_and_the_links_to_it() {
        use std::fs::Permissions;
        use std::os::unix::fs::{PermissionsExt, symlink};
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::create_dir(at("real")).unwrap();
        fs::write(at("real/s.ron"), "old").unwrap();
        fs::set_permissions(at("real/s.ron"), Permissions::from_mode(0o640)).unwrap();
        symlink("real/s.ron", at("link.ron")).unwrap();
        overwrite(&at("link.ron"), b"new").unwrap();
        assert!(at("link.ron").is_symlink());
        assert_eq!(fs::read(at("real/s.ron")).unwrap(), b"new");
        let mode = fs::metadata(at("real/s.ron")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
        assert_eq!(fs::read_dir(at("real")).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_not_there_is_not_renewed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s.ron");
        let error = overwrite(&path, b"x").unwrap_err();
        assert!(error.to_string().contains("s.ron"));
        assert!(!path.exists());
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
