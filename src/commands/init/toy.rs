//! `otflow init NAME` of a 2-D set: its built-in session, with a comment on every field.

use std::path::Path;

use anyhow::{Result, anyhow};

use super::settings;
use super::text::{LEGEND, fields_text};
use crate::session::{Session, Toy, built_in, parse};

/// Writes the text of the session file at `out` for a 2-D set.
///
/// # Errors
/// When the manual does not explain a field.
pub fn session_text(toy: Toy, out: &Path) -> Result<String> {
    let read = |text: &str| parse(text, out).map_err(|rejection| anyhow!("{rejection}"));
    let text = built_in(toy);
    let wanted: Session = read(text)?;
    let plain = format!("(data: Toy(name: \"{toy}\"), {})", settings::KINDS);
    // What the set looks like.
    let first = text.lines().next().unwrap_or_default();
    Ok(format!(
        "{first}\n//\n{LEGEND}{}",
        fields_text(&wanted, &read(&plain)?, None)?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_session_is_the_built_in_one_and_every_field_of_it_is_explained() {
        for toy in Toy::ALL {
            let path = Path::new("s.ron");
            let text = session_text(toy, path).unwrap();
            let built_in = parse(built_in(toy), path).unwrap();
            assert_eq!(parse(&text, path).unwrap(), built_in, "{text}");
            let fields = text.lines().filter(|line| line.contains(", // "));
            for line in fields.clone() {
                let classes = ["live", "resample", "restart"];
                assert!(classes.iter().any(|class| line.contains(class)), "{line}");
            }
            assert!(fields.count() > 20, "{text}");
        }
    }
}
