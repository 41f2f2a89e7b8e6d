//! The names of the eight 2-D sets, as session files and the screen write them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::from_text::deserialize_parsed;
use crate::nearest::describe_unknown;

/// The eight 2-D sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toy {
    /// `8gaussians`: eight Gaussians on a circle.
    EightGaussians,
    /// `checkerboard`: uniform on the dark squares.
    Checkerboard,
    /// `swissroll`: a spiral band.
    SwissRoll,
    /// `circles`: two rings.
    Circles,
    /// `rings`: four rings.
    Rings,
    /// `moons`: two half circles.
    Moons,
    /// `pinwheel`: five blades.
    Pinwheel,
    /// `2spirals`: two arms.
    TwoSpirals,
}

impl Toy {
    /// Every set.
    pub const ALL: [Self; 8] = [
        Self::EightGaussians,
        Self::Checkerboard,
        Self::SwissRoll,
        Self::Circles,
        Self::Rings,
        Self::Moons,
        Self::Pinwheel,
        Self::TwoSpirals,
    ];

    /// The name of the set in a session file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EightGaussians => "8gaussians",
            Self::Checkerboard => "checkerboard",
            Self::SwissRoll => "swissroll",
            Self::Circles => "circles",
            Self::Rings => "rings",
            Self::Moons => "moons",
            Self::Pinwheel => "pinwheel",
            Self::TwoSpirals => "2spirals",
        }
    }
}

impl fmt::Display for Toy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Toy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|toy| toy.name() == text);
        found.ok_or_else(|| describe_unknown("data set", text, &Self::ALL.map(Self::name)))
    }
}

impl Serialize for Toy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Toy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_parsed(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_is_found_by_its_name() {
        for toy in Toy::ALL {
            assert_eq!(toy.to_string().parse(), Ok(toy));
        }
    }

    #[test]
    fn a_misspelt_set_is_answered_with_the_nearest_and_all_names() {
        let message = "8gausians".parse::<Toy>().unwrap_err();
        assert!(message.starts_with("unknown data set `8gausians`; did you mean `8gaussians`?"));
        assert!(
            Toy::ALL.iter().all(|toy| message.contains(toy.name())),
            "{message}"
        );
    }
}
