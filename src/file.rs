//! Whole files: written under a temporary name in the same directory, synced, renamed. A reader sees the old file or the new
//! one, never half of one, and neither does who comes back after a power cut.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// How temporary names begin.
const TEMPORARY: &str = ".otflow-";

/// Deletes what a process that was killed has left half written. Nobody else may be writing in the directory.
pub fn sweep(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory).map_err(naming("read", directory))? {
        let entry = entry.map_err(naming("read", directory))?;
        let temporary = entry.file_name().to_string_lossy().starts_with(TEMPORARY);
        if temporary && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let path = entry.path();
            fs::remove_file(&path).map_err(naming("remove", &path))?;
        }
    }
    Ok(())
}

/// Opens an ordinary file to be read: a pipe would be waited for, perhaps for ever, and a device may have no end. The error is
/// that of the system, or says what is there instead.
pub fn open(path: &Path) -> io::Result<File> {
    if fs::metadata(path)?.is_file() {
        File::open(path)
    } else {
        Err(io::Error::other("it is no ordinary file"))
    }
}

/// Puts `bytes` at `path`, in place of what was there. An error names the path.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_in(parent(path), path, bytes, None).map_err(naming("write", path))
}

/// The same for what `write` writes, however long it is. After an error of it what was there is there still.
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

/// Begins a file that is to be at `path`, under a temporary name: [`finish`] puts it there, dropping deletes it.
pub fn begin(path: &Path) -> io::Result<NamedTempFile> {
    temporary(parent(path)).map_err(naming("write", path))
}

/// Puts a file of [`begin`] at `path`, in place of what was there. An error names the path.
pub fn finish(file: NamedTempFile, path: &Path) -> io::Result<()> {
    put(file, path).map_err(naming("write", path))
}

/// Puts `bytes` at `path` if nothing is there; false if something is. An error names the path.
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

/// Puts `bytes` in place of the text of a file that is there, behind all links to it, with the permissions it has. Fails where
/// the user may not write to it: renaming alone would not ask. An error names the path.
pub fn renew(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let renewed = || {
        let real = path.canonicalize()?;
        let old = File::options().write(true).open(&real)?;
        let permissions = old.metadata()?.permissions();
        replace_in(parent(&real), &real, bytes, Some(permissions))
    };
    renewed().map_err(naming("write", path))
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

fn replace_in(
    directory: &Path,
    path: &Path,
    bytes: &[u8],
    permissions: Option<Permissions>,
) -> io::Result<()> {
    let mut file = temporary(directory)?;
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    put(file, path)
}

fn temporary(directory: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    // Temporary files are private by default; these become ordinary files, so the umask decides.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(directory)
}

fn put(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_directory(parent(path))
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
        sweep(directory.path()).unwrap();
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
        use std::os::unix::fs::{PermissionsExt, symlink};
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::create_dir(at("real")).unwrap();
        fs::write(at("real/s.ron"), "old").unwrap();
        fs::set_permissions(at("real/s.ron"), Permissions::from_mode(0o640)).unwrap();
        symlink("real/s.ron", at("link.ron")).unwrap();
        renew(&at("link.ron"), b"new").unwrap();
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
        let error = renew(&path, b"x").unwrap_err();
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
