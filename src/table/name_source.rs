//! The source of the names of a table's columns: the file, or their numbers.

use std::fmt;
use std::str::FromStr;

use super::select::{Header, number_columns};

/// The source of the names of a table's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameSource {
    /// The file names its columns.
    File,
    /// The file has no names: its columns are called by their numbers, `1`, `2`, ...
    Numbers,
}

impl NameSource {
    /// The source of the names of all columns of a file, read with this setting. Where the setting is Yes, even numbers are names.
    pub fn of(all: &[String], header: Header) -> Self {
        if header == Header::Yes || all != number_columns(all.len()) {
            Self::File
        } else {
            Self::Numbers
        }
    }

    /// The likely source of some names of a file that is not at hand: whole numbers from 1 are no names.
    pub fn guess(some: &[String]) -> Self {
        let number = |name: &String| {
            name.parse()
                .is_ok_and(|n: u32| n > 0 && n.to_string() == *name)
        };
        if some.iter().all(number) {
            Self::Numbers
        } else {
            Self::File
        }
    }
}

impl fmt::Display for NameSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "file",
            Self::Numbers => "numbers",
        })
    }
}

impl FromStr for NameSource {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [Self::File, Self::Numbers];
        all.into_iter()
            .find(|source| source.to_string() == text)
            .ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn columns_called_by_their_numbers_have_no_names_unless_the_setting_says_so() {
        assert_eq!(
            NameSource::of(&names("1,2,3"), Header::Auto),
            NameSource::Numbers
        );
        assert_eq!(
            NameSource::of(&names("1,2,3"), Header::Yes),
            NameSource::File
        );
        for named in ["400,410", "2,1", "id,1,2", "01,2"] {
            assert_eq!(
                NameSource::of(&names(named), Header::Auto),
                NameSource::File,
                "{named}"
            );
        }
    }

    #[test]
    fn some_names_are_guessed_to_be_numbers_where_all_could_be() {
        for (text, source) in [
            ("2,5", NameSource::Numbers),
            ("2,x", NameSource::File),
            ("0", NameSource::File),
            ("1.5", NameSource::File),
            ("+1", NameSource::File),
        ] {
            assert_eq!(NameSource::guess(&names(text)), source, "{text}");
        }
        for source in [NameSource::File, NameSource::Numbers] {
            assert_eq!(source.to_string().parse(), Ok(source));
        }
    }
}
