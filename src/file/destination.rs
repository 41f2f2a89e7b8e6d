//! Where an output goes: the end of the symbolic links that its path leads through, or a descriptor that is open already.
//!
//! A descriptor (`-`, `/dev/stdout`, `/dev/fd/3`) is no link, though Linux shows it as one: the file behind it may have a name, but is
//! written where the descriptor stands. What has no name to be renamed to is a stream.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, IsTerminal};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::libc::{STDIN_FILENO, STDOUT_FILENO};

/// The path that stands for stdout, or for stdin where something is read.
pub const STANDARD: &str = "-";

/// The most links that are followed: as many as Linux follows before it calls a path a loop.
const LINKS: usize = 40;

/// What the path of an output leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// A descriptor of this process.
    Descriptor(RawFd),
    /// A pipe, a device, or a descriptor of another process.
    Special(PathBuf),
    /// A regular file, or a place where there is nothing, at this path, which has no links.
    File(PathBuf),
}

impl Destination {
    /// Follows a path to its end.
    ///
    /// # Errors
    /// It leads to a directory, in a circle, or through a directory that is missing or not to be entered.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        if path == STANDARD {
            return Ok(Destination::Descriptor(STDOUT_FILENO));
        }
        // The system may forbid to follow a link of another user, and reading the link does not ask it.
        match fs::metadata(path) {
            Ok(there) if there.is_dir() => return Err(io::Error::other("it is a directory")),
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ if path.as_os_str().as_bytes().ends_with(b"/") => {
                return Err(io::Error::other("it names a directory"));
            }
            _ => {}
        }
        let mut path = path.to_owned();
        for _ in 0..LINKS {
            let place = without_links_before_name(&path)?;
            if let Some(descriptor) = descriptor(&place) {
                return Ok(descriptor);
            }
            match fs::read_link(&place) {
                Ok(target) => path = super::parent(&place).join(target),
                Err(_) if fs::metadata(&place).is_ok_and(|there| !there.is_file()) => {
                    return Ok(Destination::Special(place));
                }
                Err(_) => return Ok(Destination::File(place)),
            }
        }
        Err(io::Error::other("its links lead in a circle"))
    }

    /// Opens a stream to be written where it stands; None for a file.
    ///
    /// # Errors
    /// The error of the system.
    pub(super) fn open_to_write(&self) -> io::Result<Option<File>> {
        match self {
            Destination::File(_) => Ok(None),
            Destination::Descriptor(number) => copy_descriptor(*number).map(Some),
            Destination::Special(path) => {
                // A file, that of another process's descriptor, has its bytes already.
                let appended = fs::metadata(path)?.is_file();
                let mut options = File::options();
                options.write(true).append(appended).open(path).map(Some)
            }
        }
    }
}

/// Opens a stream to be read, `-` as stdin; None for what is no stream.
///
/// # Errors
/// The error of the system.
pub fn open_stream(path: &Path) -> io::Result<Option<File>> {
    if path == STANDARD {
        return copy_descriptor(STDIN_FILENO).map(Some);
    }
    match Destination::of(path) {
        Ok(Destination::Descriptor(number)) => copy_descriptor(number).map(Some),
        Ok(Destination::Special(path)) => File::open(path).map(Some),
        Ok(Destination::File(_)) | Err(_) => Ok(None),
    }
}

/// Opens a descriptor once more, where it stands: by its path, a file would be opened at its beginning.
fn copy_descriptor(number: RawFd) -> io::Result<File> {
    let copy = File::options().read(true).write(true).open("/dev/null")?;
    nix::unistd::dup2(number, copy.as_raw_fd())?;
    Ok(copy)
}

/// Whether a path is no file that could be replaced or followed: `-`, a pipe, a device or an open descriptor.
pub fn is_stream(path: &Path) -> bool {
    matches!(
        Destination::of(path),
        Ok(Destination::Descriptor(_) | Destination::Special(_))
    )
}

/// Whether an output is a stream whose name has no ending to tell a format by.
pub fn is_nameless(path: &Path) -> bool {
    path.extension().is_none() && is_stream(path)
}

/// Whether an output goes to stdout, so that what is said of it must go elsewhere.
pub fn is_stdout(path: &Path) -> bool {
    matches!(Destination::of(path), Ok(Destination::Descriptor(number)) if number == STDOUT_FILENO)
}

/// Whether an output goes to stdout and that is a terminal, which can't show the bytes of a picture.
pub fn is_terminal(path: &Path) -> bool {
    is_stdout(path) && io::stdout().is_terminal()
}

/// Refuses to read a file to which the output is appended, as by `>>`: its end would never be reached.
///
/// # Errors
/// A sentence that names the file.
pub fn keeps_apart(input: &Path, output: &Path) -> Result<(), String> {
    let Ok(Destination::Descriptor(number)) = Destination::of(output) else {
        return Ok(());
    };
    let written = Destination::Descriptor(number)
        .open_to_write()
        .ok()
        .flatten()
        .and_then(|stream| stream.metadata().ok());
    let read = fs::metadata(input).ok();
    let same = |(written, read): (Metadata, Metadata)| {
        written.is_file() && (written.dev(), written.ino()) == (read.dev(), read.ino())
    };
    match written.zip(read).is_some_and(same) {
        true => Err(format!(
            "{} is read and written at once: name the file itself, or another one",
            input.display()
        )),
        false => Ok(()),
    }
}

/// The path with its directory as it is without links; its last name may still be one.
fn without_links_before_name(path: &Path) -> io::Result<PathBuf> {
    let (Some(name), directory) = (path.file_name(), super::parent(path)) else {
        return Err(io::Error::other("it is a directory"));
    };
    match directory.canonicalize() {
        Ok(real) => Ok(real.join(name)),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(io::Error::new(
            ErrorKind::NotFound,
            format!("there is no directory {}", directory.display()),
        )),
        Err(error) => Err(error),
    }
}

/// The descriptor that a path without links before its name stands for: /proc/PID/fd/N, or /dev/fd/N where there is no /proc.
fn descriptor(path: &Path) -> Option<Destination> {
    let parts: Vec<&OsStr> = path.iter().skip(1).collect();
    let parts: Vec<&str> = parts
        .into_iter()
        .map(OsStr::to_str)
        .collect::<Option<_>>()?;
    let (process, number) = match parts[..] {
        ["proc", process, "fd", number] | ["proc", process, "task", _, "fd", number] => {
            (process.parse().ok()?, number)
        }
        ["dev", "fd", number] => (std::process::id(), number),
        _ => return None,
    };
    let number = number.parse().ok()?;
    Some(match process == std::process::id() {
        true => Destination::Descriptor(number),
        false => Destination::Special(path.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_followed_to_their_end_and_a_circle_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let at = |name: &str| root.join(name);
        fs::create_dir_all(at("a/b")).unwrap();
        symlink("a/b", at("way")).unwrap();
        symlink("../../end", at("a/b/back")).unwrap();
        symlink("way/back", at("first")).unwrap();
        symlink("circle", at("circle")).unwrap();
        symlink("gone/x", at("lost")).unwrap();
        assert_eq!(
            Destination::of(&at("first")).unwrap(),
            Destination::File(at("end"))
        );
        assert!(Destination::of(&at("circle")).is_err());
        assert!(Destination::of(&at("way")).is_err());
        assert!(Destination::of(&at("new/")).is_err());
        let lost = Destination::of(&at("lost")).unwrap_err().to_string();
        assert!(lost.starts_with("there is no directory"), "{lost}");
    }

    #[test]
    fn descriptors_are_what_they_are_by_any_name() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("stdout");
        symlink("/proc/self/fd/1", &link).unwrap();
        let same = ["-", "/dev/stdout", "/dev/fd/1", "/proc/thread-self/fd/1"];
        for path in same.map(Path::new).into_iter().chain([link.as_path()]) {
            assert!(is_stdout(path) && is_stream(path), "{}", path.display());
        }
        assert!(!is_stdout(Path::new("/dev/stderr")) && is_stream(Path::new("/dev/stderr")));
        assert!(is_stream(Path::new("/dev/null")));
        assert!(!is_stream(&folder.path().join("-")));
    }
}
