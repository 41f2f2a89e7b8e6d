//! The file of a report, and its format by the ending of its name.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::nearest::describe_unknown;

/// A report that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFile {
    /// The file.
    pub path: PathBuf,
    /// Its format.
    pub format: ReportFormat,
}

/// The format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    /// JUnit XML, `.xml`: what CI systems show as tests.
    JUnit,
    /// Markdown, `.md`: for a person.
    Markdown,
}

impl ReportFormat {
    /// Every format.
    const ALL: [Self; 2] = [Self::JUnit, Self::Markdown];

    /// The ending of its files.
    const fn ending(self) -> &'static str {
        match self {
            Self::JUnit => ".xml",
            Self::Markdown => ".md",
        }
    }
}

impl FromStr for ReportFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = Path::new(text);
        let Some(ending) = path.extension().and_then(OsStr::to_str) else {
            return Err("the ending says the format: .xml for JUnit, .md for Markdown".into());
        };
        let ending = format!(".{ending}");
        let named = |format: &ReportFormat| ending.eq_ignore_ascii_case(format.ending());
        match ReportFormat::ALL.into_iter().find(named) {
            Some(format) => Ok(ReportFile {
                path: path.to_owned(),
                format,
            }),
            None => Err(describe_unknown(
                "ending",
                &ending,
                &ReportFormat::ALL.map(ReportFormat::ending),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_the_format_and_a_wrong_one_is_answered_with_the_nearest() {
        let format = |text: &str| text.parse::<ReportFile>().map(|file| file.format);
        assert_eq!(format("a/b.xml"), Ok(ReportFormat::JUnit));
        assert_eq!(format("b.MD"), Ok(ReportFormat::Markdown));
        for (text, near) in [
            ("b.xlm", "`.xml`"),
            ("b.mkd", "`.md`"),
            ("b.html", "Valid: .xml, .md"),
            ("b", ".xml for JUnit, .md for Markdown"),
            ("", ".md"),
        ] {
            let message = format(text).unwrap_err();
            assert!(message.contains(near), "{text}: {message}");
        }
    }
}
