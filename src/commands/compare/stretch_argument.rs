//! A stretch of a run as an argument: RUN@FROM-TO, told from the path of a run.

use std::path::{Path, PathBuf};

use crate::run::read::run_of;

/// How a stretch is written, for messages.
const FORM: &str = "a stretch is written RUN@FROM-TO, as run@1000-2000, run@1000- or run@-2000";

/// A stretch as it was asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StretchArgument {
    /// Run directory.
    pub(super) run: PathBuf,
    /// First iteration.
    pub(super) from: u64,
    /// Last iteration.
    pub(super) to: u64,
}

impl StretchArgument {
    /// A whole run.
    pub(super) fn whole(run: &Path) -> Self {
        StretchArgument {
            run: run.to_owned(),
            from: 0,
            to: u64::MAX,
        }
    }

    /// Reads an argument; None for the path of a run. What ends in `@FROM-TO` is never a path: a directory of such a name is meant with a
    /// slash at its end.
    ///
    /// # Errors
    /// When it is neither, or could be both, in a sentence.
    pub(super) fn read(argument: &Path) -> Result<Option<Self>, String> {
        let Some(text) = argument.to_str() else {
            return Ok(None);
        };
        let exists = argument.is_dir();
        let Some((run, span)) = text.rsplit_once('@').filter(|(_, span)| is_span(span)) else {
            let last = text.rsplit('/').next().unwrap_or(text);
            let meant =
                last.contains('@') || last.rsplit_once(':').is_some_and(|(_, s)| is_span(s));
            return match meant && !exists {
                true => Err(format!("there is no directory {text}; {FORM}")),
                false => Ok(None),
            };
        };
        if exists {
            return Err(format!(
                "{text} is a directory, and a stretch of {run} too: write {text}/ for the directory"
            ));
        }
        let number = |text: &str, default| match text {
            "" => Ok(default),
            digits => digits
                .parse()
                .map_err(|_| format!("{digits} is too large; {FORM}")),
        };
        let (from, to) = span.split_once('-').unwrap_or((span, ""));
        let (from, to) = (number(from, 0)?, number(to, u64::MAX)?);
        if run.is_empty() {
            return Err(format!("{text} names no run; {FORM}"));
        }
        if from > to {
            return Err(format!("{text} ends before it begins; {FORM}"));
        }
        Ok(Some(StretchArgument {
            run: run_of(run.into()),
            from,
            to,
        }))
    }
}

/// Whether a text is FROM-TO, FROM- or -TO.
fn is_span(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    text.len() > 1
        && text
            .split_once('-')
            .is_some_and(|(from, to)| digits(from) && digits(to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<StretchArgument>, String> {
        StretchArgument::read(Path::new(text))
    }

    #[test]
    fn a_stretch_is_told_from_a_path_and_from_a_slip() {
        let stretch = |run: &str, from, to| {
            let run = run.into();
            Ok(Some(StretchArgument { run, from, to }))
        };
        assert_eq!(read("a/b@10-20"), stretch("a/b", 10, 20));
        assert_eq!(read("x@y@10-"), stretch("x@y", 10, u64::MAX));
        assert_eq!(read("b@-20"), stretch("b", 0, 20));
        for path in ["runs/a", "a@1-2/", "a@b/run", "run-10-20", "C:x"] {
            assert_eq!(read(path), Ok(None), "{path}");
        }
        for slip in ["run@10", "run@a-b", "run:10-20", "run@-", "@1-2"] {
            assert!(read(slip).unwrap_err().contains("RUN@FROM-TO"), "{slip}");
        }
        assert!(read("run@20-10").unwrap_err().contains("before it begins"));
        let long = format!("run@1-{}", "9".repeat(30));
        assert!(read(&long).unwrap_err().contains("too large"));
        let folder = tempfile::tempdir().unwrap();
        let both = folder.path().join("run@1-2");
        std::fs::create_dir(&both).unwrap();
        let error = StretchArgument::read(&both).unwrap_err();
        assert!(
            error.contains("write ") && error.contains("run@1-2/"),
            "{error}"
        );
        assert_eq!(StretchArgument::read(&both.join("")), Ok(None));
    }
}
