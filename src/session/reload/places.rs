//! The places where a change can change what a path means: the file's own directory, and that of every symbolic link on the way to it.
//!
//! Directories are watched, not files: a watch on a file dies with the first editor that replaces it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use notify::Event;

/// As many links as Linux follows before it calls a path a loop.
const LINKS: usize = 40;

/// What to watch for one file.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Places {
    /// To be watched, not recursively.
    pub directories: BTreeSet<PathBuf>,
    /// Entries of those directories that matter.
    names: BTreeSet<OsString>,
}

impl Places {
    /// The places of an absolute path.
    pub fn of(path: &Path) -> Self {
        let mut places = Self::default();
        let mut path = path.to_owned();
        for _ in 0..LINKS {
            places.add(&path);
            let Some((link, behind)) = follow(&path) else {
                break;
            };
            places.add(&link);
            path = behind;
        }
        places
    }

    fn add(&mut self, entry: &Path) {
        if let (Some(directory), Some(name)) = (entry.parent(), entry.file_name()) {
            self.directories.insert(directory.to_owned());
            self.names.insert(name.to_owned());
        }
    }

    /// Whether an event is about one of the entries, or about a watched directory itself.
    pub fn concern(&self, event: &Event) -> bool {
        let concerns = |path: &PathBuf| {
            path.file_name()
                .is_some_and(|name| self.names.contains(name))
                || self.directories.contains(path)
        };
        event.need_rescan() || event.paths.iter().any(concerns)
    }
}

/// The first symbolic link on a path, and the path with the link replaced by what it points to.
fn follow(path: &Path) -> Option<(PathBuf, PathBuf)> {
    let mut ancestors: Vec<&Path> = path.ancestors().collect();
    ancestors.reverse();
    ancestors.into_iter().find_map(|link| {
        let target = link.read_link().ok()?;
        let rest = path.strip_prefix(link).ok()?;
        let mut behind = link.parent()?.join(target);
        // Joining an empty rest would add a slash.
        if !rest.as_os_str().is_empty() {
            behind.push(rest);
        }
        Some((link.to_owned(), behind))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_file_has_its_own_directory_only() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        let places = Places::of(&root.join("s.ron"));
        assert_eq!(places.directories, BTreeSet::from([root.clone()]));
        let event = |path: &Path| Event::new(notify::EventKind::Any).add_path(path.to_owned());
        assert!(places.concern(&event(&root.join("s.ron"))));
        assert!(places.concern(&event(&root)));
        assert!(!places.concern(&event(&root.join("s.ron.swp"))));
    }

    #[cfg(unix)]
    #[test]
    fn every_link_on_the_way_is_a_place_and_a_loop_ends() {
        use std::os::unix::fs::symlink;
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("v1")).unwrap();
        symlink("v1", root.join("..data")).unwrap();
        symlink("..data/s.ron", root.join("link.ron")).unwrap();
        let places = Places::of(&root.join("link.ron"));
        let directories = ["", "..data", "v1"].map(|name| root.join(name));
        assert!(
            directories
                .iter()
                .all(|directory| places.directories.contains(directory))
        );
        let names = ["link.ron", "..data", "s.ron"].map(OsString::from);
        assert_eq!(places.names, BTreeSet::from(names));

        symlink("loop.ron", root.join("loop.ron")).unwrap();
        assert!(
            Places::of(&root.join("loop.ron"))
                .directories
                .contains(&root)
        );
    }
}
