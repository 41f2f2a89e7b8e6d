//! The paths to be watched for one file: a change there can change what its path leads to. They are the file's own directory, and
//! the directory of every symbolic link on the path.
//!
//! Directories are watched, not files: a watch on a file dies with the first editor that replaces it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use notify::Event;

/// The most links that are followed: as many as Linux follows before it calls a path a loop.
const LINKS: usize = 40;

/// The paths to be watched for one file.
#[derive(Debug, Default, PartialEq)]
pub(super) struct WatchedPaths {
    /// Directories, to be watched not recursively.
    pub directories: BTreeSet<PathBuf>,
    /// Names of the entries of those directories that matter.
    names: BTreeSet<OsString>,
}

impl WatchedPaths {
    /// The paths to be watched for the file at an absolute path.
    pub fn of(path: &Path) -> Self {
        let mut paths = Self::default();
        let mut path = path.to_owned();
        for _ in 0..LINKS {
            paths.add(&path);
            let Some(link) = first_link(&path) else {
                break;
            };
            paths.add(&link.path);
            path = link.resolved;
        }
        paths
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

/// A symbolic link on a path.
struct Link {
    path: PathBuf,
    /// The whole path with the link replaced by what it points to.
    resolved: PathBuf,
}

/// The first symbolic link on a path.
fn first_link(path: &Path) -> Option<Link> {
    let mut ancestors: Vec<&Path> = path.ancestors().collect();
    ancestors.reverse();
    ancestors.into_iter().find_map(|link| {
        let target = link.read_link().ok()?;
        let rest = path.strip_prefix(link).ok()?;
        let mut resolved = link.parent()?.join(target);
        // Joining an empty rest would add a slash.
        if !rest.as_os_str().is_empty() {
            resolved.push(rest);
        }
        Some(Link {
            path: link.to_owned(),
            resolved,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_file_has_its_own_directory_only() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        let paths = WatchedPaths::of(&root.join("s.ron"));
        assert_eq!(paths.directories, BTreeSet::from([root.clone()]));
        let event = |path: &Path| Event::new(notify::EventKind::Any).add_path(path.to_owned());
        assert!(paths.concern(&event(&root.join("s.ron"))));
        assert!(paths.concern(&event(&root)));
        assert!(!paths.concern(&event(&root.join("s.ron.swp"))));
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
        let paths = WatchedPaths::of(&root.join("link.ron"));
        let directories = ["", "..data", "v1"].map(|name| root.join(name));
        assert!(
            directories
                .iter()
                .all(|directory| paths.directories.contains(directory))
        );
        let names = ["link.ron", "..data", "s.ron"].map(OsString::from);
        assert_eq!(paths.names, BTreeSet::from(names));

        symlink("loop.ron", root.join("loop.ron")).unwrap();
        assert!(
            WatchedPaths::of(&root.join("loop.ron"))
                .directories
                .contains(&root)
        );
    }
}
