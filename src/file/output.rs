//! Outputs that the user names: the bytes go where the path leads, and what is there stays what it is.
//!
//! | the path leads to | it is written |
//! | --- | --- |
//! | a file, or nothing yet | aside, synced, and renamed into its place, with mode, owner and extended attributes (access lists) of the old file |
//! | a file that must stay the same: one with several names (hard links), one whose owner or attributes can't be kept, one mounted alone, one in a directory that takes no other file | aside, synced, and copied over the old bytes |
//! | a pipe, a device, a descriptor (`-`, `/dev/stdout`, `/dev/fd/3`) | straight through |
//!
//! Symbolic links are followed to their end first, and stay. Until [`Output::finish`] an old file is as it was. A copy that is cut short,
//! also by kill -9, leaves that file half overwritten; the file aside (`.otflow-...`, where it can be beside it) is whole and stays.

use std::fs::File;
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

#[cfg(target_os = "linux")]
use nix::fcntl::{FallocateFlags, fallocate};
use tempfile::NamedTempFile;

use super::attributes::{keeps_attributes, keeps_owner};
use super::destination::Destination;
use super::{is_full, naming, parent, sync_directory, temporary};

/// The writer of an output.
pub struct Output(Sink);

/// Where the bytes are put before the end.
enum Sink {
    /// In the stream itself.
    Stream(File),
    /// In a file aside.
    Aside(Aside),
}

/// A file aside, and what it is for.
struct Aside {
    file: NamedTempFile,
    put: Put,
}

/// How the file aside comes to its place.
enum Put {
    /// It is renamed to this path; where the system refuses that, it is copied over the old file.
    Rename { to: PathBuf, old: Option<File> },
    /// It is copied over this file.
    Overwrite(File),
    /// It is copied into this stream.
    Send(File),
}

/// Where an output goes: an opened stream, or a file, of which nothing is made yet. A command hears signals from between the two on:
/// before, it would wait on for the reader of a pipe; after, a signal would leave the file aside behind.
pub struct OutputPlace {
    path: PathBuf,
    target: Target,
}

/// The end of the path, opened as far as that changes nothing.
enum Target {
    /// An open stream.
    Stream(File),
    /// A file at this path, which has no links; the old one, if there is one.
    File { to: PathBuf, old: Option<File> },
}

impl OutputPlace {
    /// Follows a path to its end. A pipe that nobody reads is waited for here.
    ///
    /// # Errors
    /// The path leads to a directory or nowhere, or the file may not be written to; the error names the path.
    pub fn open(path: &Path) -> io::Result<Self> {
        let target = Target::of(path).map_err(naming("write", path))?;
        Ok(OutputPlace {
            path: path.to_owned(),
            target,
        })
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Target {
    fn of(path: &Path) -> io::Result<Self> {
        let destination = Destination::of(path)?;
        if let Some(stream) = destination.open_to_write()? {
            return Ok(Target::Stream(stream));
        }
        let Destination::File(to) = destination else {
            return Err(io::Error::other("it can't be opened"));
        };
        // To rename a file over another one takes no right to write to that.
        let old = match File::options().write(true).open(&to) {
            Ok(old) => Some(old),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(Target::File { to, old })
    }
}

impl Output {
    /// Begins an output; of a stream, every byte is on its way when it is written.
    ///
    /// # Errors
    /// No file can be made there; the error names the path.
    pub fn begin(place: OutputPlace) -> io::Result<Self> {
        let OutputPlace { path, target } = place;
        match target {
            Target::Stream(stream) => Ok(Output(Sink::Stream(stream))),
            Target::File { to, old } => {
                let aside = Aside::beside(to, old).map_err(naming("write", &path))?;
                Ok(Output(Sink::Aside(aside)))
            }
        }
    }

    /// Begins an output whose beginning is known at its end, so that a stream gets nothing before; see [`Output::rewrite_beginning`].
    ///
    /// # Errors
    /// As of [`Output::begin`].
    pub fn begin_rewindable(place: OutputPlace) -> io::Result<Self> {
        let OutputPlace { path, target } = place;
        let Target::Stream(stream) = target else {
            return Self::begin(OutputPlace { path, target });
        };
        let file = NamedTempFile::new().map_err(naming("write", &path))?;
        let put = Put::Send(stream);
        Ok(Output(Sink::Aside(Aside { file, put })))
    }

    /// Overwrites the first bytes.
    ///
    /// # Errors
    /// The output was begun by [`Output::begin`] and is a stream, or it cannot be written.
    pub fn rewrite_beginning(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Sink::Aside(Aside { file, .. }) = &mut self.0 else {
            return Err(io::Error::other("a stream can't be rewound"));
        };
        file.rewind()?;
        file.write_all(bytes)?;
        file.seek(SeekFrom::End(0)).map(|_| ())
    }

    /// Puts what was written in its place.
    ///
    /// # Errors
    /// It cannot be written there.
    pub fn finish(self) -> io::Result<()> {
        match self.0 {
            Sink::Stream(_) => Ok(()),
            Sink::Aside(aside) => aside.put(),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Sink::Stream(stream) => stream.write(bytes),
            Sink::Aside(Aside { file, .. }) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Aside {
    /// Makes a file aside for a path, which has no links and at which `old` is.
    fn beside(to: PathBuf, old: Option<File>) -> io::Result<Self> {
        let made = temporary(parent(&to));
        let Some(old) = old else {
            let put = Put::Rename { to, old };
            return made.map(|file| Aside { file, put });
        };
        let file = match made {
            Err(error) if refuses_entries(&error) => NamedTempFile::new()?,
            made => made?,
        };
        let there = old.metadata()?;
        let beside = file.path().parent() == Some(parent(&to));
        // Before the first byte: what is private never stands open.
        let keeps = keeps_owner(file.as_file(), &there)? && keeps_attributes(file.as_file(), &old);
        let put = match beside && keeps && there.nlink() == 1 {
            true => Put::Rename { to, old: Some(old) },
            false => Put::Overwrite(old),
        };
        Ok(Aside { file, put })
    }

    fn put(self) -> io::Result<()> {
        let Aside { mut file, put } = self;
        match put {
            Put::Send(mut stream) => {
                file.rewind()?;
                io::copy(file.as_file_mut(), &mut stream).map(|_| ())
            }
            Put::Overwrite(old) => overwrite(file, old),
            Put::Rename { to, old } => {
                file.as_file().sync_all()?;
                match (file.persist(&to), old) {
                    (Ok(_), _) => sync_directory(parent(&to)),
                    (Err(refused), Some(old)) if refuses_entries(&refused.error) => {
                        overwrite(refused.file, old)
                    }
                    (Err(refused), _) => Err(refused.error),
                }
            }
        }
    }
}

/// Whether a directory takes no new entry, or none in the place of a file that is mounted alone.
fn refuses_entries(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::ResourceBusy
            | ErrorKind::CrossesDevices
    )
}

/// Copies a file aside over an old one; where that fails, the file aside is kept.
fn overwrite(mut aside: NamedTempFile, mut old: File) -> io::Result<()> {
    aside.as_file().sync_all()?;
    reserve(&old, aside.as_file().metadata()?.len())?;
    let mut copied = || {
        aside.rewind()?;
        // First: who reads meanwhile finds nothing, or a beginning, but no mixture of the two.
        old.set_len(0)?;
        io::copy(aside.as_file_mut(), &mut old)?;
        old.sync_all()
    };
    copied().or_else(|error| {
        let (_, kept) = aside.keep().map_err(|lost| lost.error)?;
        let kept = kept.display();
        Err(io::Error::new(
            error.kind(),
            format!("{error}; the whole of it is in {kept}"),
        ))
    })
}

/// Has the file system set aside the room for so many bytes of a file, where it can, so that a full disk shows before the old bytes are
/// gone.
fn reserve(file: &File, bytes: u64) -> io::Result<()> {
    let Ok(bytes @ 1..) = i64::try_from(bytes) else {
        return Ok(());
    };
    #[cfg(target_os = "linux")]
    if let Err(refused) = fallocate(
        file.as_raw_fd(),
        FallocateFlags::FALLOC_FL_KEEP_SIZE,
        0,
        bytes,
    ) {
        let error = io::Error::from(refused);
        if is_full(&error) {
            return Err(error);
        }
    }
    Ok(())
}

/// Writes an output of these bytes.
///
/// # Errors
/// As of [`OutputPlace::open`] and [`Output::begin`], or it can't be written; the error names the path.
pub fn write_output(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut output = Output::begin(OutputPlace::open(path)?)?;
    let written = output.write_all(bytes).and_then(|()| output.finish());
    written.map_err(naming("write", path))
}

/// Writes an output of these bytes where there is no file yet, a stream in any case; returns false if there is a file already.
///
/// # Errors
/// As of [`write_output`].
pub fn create_output(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    match Destination::of(path).map_err(naming("write", path))? {
        Destination::File(end) => super::create(&end, bytes),
        Destination::Descriptor(_) | Destination::Special(_) => {
            write_output(path, bytes).map(|()| true)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::io::Read;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::thread;

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use tempfile::TempDir;

    use super::*;

    fn begin(path: &Path) -> Output {
        Output::begin(OutputPlace::open(path).unwrap()).unwrap()
    }

    /// What a path of an output leads to.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Place {
        New,
        File,
        Link,
        Chain,
        Dangling,
        HardLink,
        Pipe,
    }

    const PLACES: [Place; 7] = [
        Place::New,
        Place::File,
        Place::Link,
        Place::Chain,
        Place::Dangling,
        Place::HardLink,
        Place::Pipe,
    ];

    /// A folder with a place named `out`; the path at which its bytes are to be found, and the number of entries in all.
    fn prepare(place: Place, mode: u32) -> (TempDir, &'static str, usize) {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("real")).unwrap();
        let old = |name: &str| {
            fs::write(at(name), "a long old text").unwrap();
            fs::set_permissions(at(name), Permissions::from_mode(mode)).unwrap();
        };
        let (found, entries) = match place {
            Place::New => ("out", 2),
            Place::File => {
                old("out");
                ("out", 2)
            }
            Place::Link => {
                old("real/f");
                symlink("real/f", at("out")).unwrap();
                ("real/f", 3)
            }
            Place::Chain => {
                old("f");
                symlink("../f", at("real/second")).unwrap();
                symlink(at("real/second"), at("out")).unwrap();
                ("f", 4)
            }
            Place::Dangling => {
                symlink("real/f", at("out")).unwrap();
                ("real/f", 3)
            }
            Place::HardLink => {
                old("real/f");
                fs::hard_link(at("real/f"), at("out")).unwrap();
                ("real/f", 3)
            }
            Place::Pipe => {
                mkfifo(&at("out"), Mode::from_bits_truncate(mode)).unwrap();
                ("out", 2)
            }
        };
        (folder, found, entries)
    }

    /// The number of files and folders in a folder and its folders.
    fn entries(folder: &Path) -> usize {
        let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
        entries
            .map(|entry| match entry.file_type().unwrap().is_dir() {
                true => 1 + self::entries(&entry.path()),
                false => 1,
            })
            .sum()
    }

    /// Writes with a beginning that is known at the end, in pieces.
    fn write_rewound(path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut output = Output::begin_rewindable(OutputPlace::open(path)?)?;
        let known = bytes.len().min(4);
        output.write_all(&vec![0; known])?;
        bytes[known..]
            .chunks(1000)
            .try_for_each(|piece| output.write_all(piece))?;
        output.rewrite_beginning(&bytes[..known])?;
        output.finish()
    }

    #[test]
    fn wherever_a_path_leads_the_bytes_arrive_the_mode_stays_and_nothing_is_left() {
        let mut draw = ChaCha8Rng::seed_from_u64(1);
        for place in PLACES {
            for write in [write_output, write_rewound] {
                // A pipe holds 64 KiB.
                for bytes in [0, 1, 15, 16, 60_000, draw.random_range(0..300_000)] {
                    let mode = [0o600, 0o644, 0o660, 0o400 | 0o200][draw.random_range(0..4)];
                    let (folder, found, expected) = prepare(place, mode);
                    let bytes: Vec<u8> = (0..bytes).map(|_| draw.random_range(0..=255)).collect();
                    let (out, found) = (folder.path().join("out"), folder.path().join(found));
                    let reader = (place == Place::Pipe).then(|| {
                        let pipe = out.clone();
                        thread::spawn(move || fs::read(pipe).unwrap())
                    });
                    write(&out, &bytes).unwrap();
                    let arrived = match reader {
                        Some(reader) => reader.join().unwrap(),
                        None => fs::read(&found).unwrap(),
                    };
                    assert!(arrived == bytes, "{place:?}, {} bytes", bytes.len());
                    assert_eq!(entries(folder.path()), expected, "{place:?}");
                    let there = fs::metadata(&found).unwrap().mode() & 0o777;
                    if !matches!(place, Place::New | Place::Dangling | Place::Pipe) {
                        assert_eq!(there, mode, "{place:?}");
                    }
                    let links = fs::metadata(&found).unwrap().nlink();
                    assert_eq!(links == 2, place == Place::HardLink);
                }
            }
        }
    }

    #[test]
    fn what_does_not_come_to_its_end_leaves_every_old_file_as_it_was() {
        for place in [Place::File, Place::Link, Place::Chain, Place::HardLink] {
            let (folder, found, expected) = prepare(place, 0o640);
            let mut output = begin(&folder.path().join("out"));
            output.write_all(b"half").unwrap();
            drop(output);
            let old = fs::read(folder.path().join(found)).unwrap();
            assert_eq!(old, b"a long old text", "{place:?}");
            assert_eq!(entries(folder.path()), expected, "{place:?}");
        }
    }

    #[test]
    fn a_pipe_gets_every_byte_when_it_is_written() {
        let (folder, ..) = prepare(Place::Pipe, 0o600);
        let path = folder.path().join("out");
        let pipe = path.clone();
        let reader = thread::spawn(move || {
            let mut first = [0];
            File::open(pipe).unwrap().read_exact(&mut first).unwrap();
            first
        });
        let mut output = begin(&path);
        output.write_all(b"1").unwrap();
        assert_eq!(reader.join().unwrap(), *b"1");
        let gone = output.write_all(b"2").unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::BrokenPipe);
    }

    #[test]
    fn what_is_created_goes_to_the_end_of_a_link_and_takes_nobodys_place() {
        for (place, created) in [
            (Place::New, true),
            (Place::Dangling, true),
            (Place::File, false),
            (Place::Chain, false),
        ] {
            let (folder, found, _) = prepare(place, 0o644);
            let out = folder.path().join("out");
            assert_eq!(create_output(&out, b"new").unwrap(), created, "{place:?}");
            let text = fs::read(folder.path().join(found)).unwrap();
            assert_eq!(text == b"new", created);
            assert_eq!(
                out.is_symlink(),
                matches!(place, Place::Dangling | Place::Chain)
            );
        }
    }
}
