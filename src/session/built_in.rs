//! The sessions that are compiled in: one for each of the 2-D sets, those of the folder `sessions`.

use super::{EMBEDDED, Toy};

/// The text of the built-in session of a 2-D set.
pub const fn built_in(toy: Toy) -> &'static str {
    match toy {
        Toy::EightGaussians => EMBEDDED,
        Toy::Checkerboard => include_str!("../../sessions/checkerboard.ron"),
        Toy::SwissRoll => include_str!("../../sessions/swissroll.ron"),
        Toy::Circles => include_str!("../../sessions/circles.ron"),
        Toy::Rings => include_str!("../../sessions/rings.ron"),
        Toy::Moons => include_str!("../../sessions/moons.ron"),
        Toy::Pinwheel => include_str!("../../sessions/pinwheel.ron"),
        Toy::TwoSpirals => include_str!("../../sessions/2spirals.ron"),
    }
}

/// What a session that no file has is called in messages, by the name of its runs: `built-in moons`, or where it came from.
pub fn name_without_file(name: &str) -> String {
    match name.parse::<Toy>() {
        Ok(toy) => format!("built-in {toy}"),
        Err(_) => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::session::{Data, parse};

    #[test]
    fn every_set_has_a_session_of_its_own() {
        for toy in Toy::ALL {
            let session = parse(built_in(toy), Path::new("built-in")).unwrap();
            assert!(
                matches!(session.data, Data::Toy { name, .. } if name == toy),
                "{toy}"
            );
        }
    }
}
