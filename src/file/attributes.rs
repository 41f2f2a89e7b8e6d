//! What a file that comes into the place of an old one takes over from it: owner, mode, extended attributes.

use std::ffi::CString;
use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

use rustix::fs::{XattrFlags, fgetxattr, fgetxattr_query, flistxattr, flistxattr_query, fsetxattr};
use rustix::io::Errno;

/// Gives a new file the owner and mode of an old one; returns false for one that only its own user can read, if that can't be done.
pub(super) fn keeps_owner(new: &File, old: &Metadata) -> io::Result<bool> {
    let made = new.metadata()?;
    let kept = (made.uid(), made.gid()) == (old.uid(), old.gid())
        || fchown(new, Some(old.uid()), Some(old.gid())).is_ok();
    let mode = if kept { old.mode() & 0o7777 } else { 0o600 };
    new.set_permissions(Permissions::from_mode(mode))?;
    Ok(kept)
}

/// Gives a new file the extended attributes of an old one, among them its access list; returns false if one can't be given. The labels of
/// security modules are left to the system.
pub(super) fn keeps_attributes(new: &File, old: &File) -> bool {
    let copied = || -> rustix::io::Result<()> {
        for name in attributes(old)? {
            let mut value = vec![0; fgetxattr_query(old, &name)?];
            let length = fgetxattr(old, &name, &mut value[..])?;
            fsetxattr(new, &name, &value[..length], XattrFlags::empty())?;
        }
        Ok(())
    };
    match copied() {
        // The file system has none.
        Err(Errno::NOTSUP) => true,
        copied => copied.is_ok(),
    }
}

/// The names of the extended attributes of a file but those of security modules.
fn attributes(file: &File) -> rustix::io::Result<Vec<CString>> {
    let mut names = vec![0; flistxattr_query(file)?];
    let length = flistxattr(file, &mut names[..])?;
    let names = names[..length].split_inclusive(|&byte| byte == 0);
    let names = names.filter_map(|name| CString::from_vec_with_nul(name.to_vec()).ok());
    Ok(names
        .filter(|name| !name.as_bytes().starts_with(b"security."))
        .collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_a_user_has_noted_on_a_file_is_on_the_new_one() {
        // Below the working directory: a file system in memory may have no attributes of users.
        let folder = tempfile::tempdir_in("target").unwrap();
        let [old, new] = ["old", "new"].map(|name| File::create(folder.path().join(name)).unwrap());
        let (name, value) = (c"user.origin", b"measured by hand");
        if fsetxattr(&old, name, value, XattrFlags::empty()) == Err(Errno::NOTSUP) {
            eprintln!("left out: the file system has no attributes");
            return;
        }
        assert!(keeps_attributes(&new, &old));
        let mut found = [0; 100];
        let length = fgetxattr(&new, name, &mut found[..]).unwrap();
        assert_eq!(&found[..length], value);
        assert!(keeps_attributes(
            &old,
            &fs::File::open("/dev/null").unwrap()
        ));
    }
}
