//! Which pictures the terminal can show. Its environment tells, or the command line; it is never asked: an answer that does not come would hold up
//! the start, and one that comes late would be taken for keys.
//!
//! | terminal | found by | protocol |
//! | --- | --- | --- |
//! | kitty, ghostty | TERM, TERM_PROGRAM, KITTY_WINDOW_ID | kitty |
//! | foot, mlterm, contour, yaft, WezTerm, iTerm2, Konsole from 22.04 | TERM, TERM_PROGRAM, KONSOLE_VERSION | sixel |
//!
//! None in tmux, screen and zellij, which keep pictures from the terminal, and none by ssh, whose line may be slow: a picture of some ten thousand bytes
//! would keep keys waiting.

use clap::ValueEnum;

/// A protocol for pictures in a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// The graphics protocol of kitty.
    Kitty,
    /// Sixels, as the VT340 has them.
    Sixel,
}

/// The pictures that the command line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Graphics {
    /// As the environment tells.
    Auto,
    /// Characters only.
    Off,
    /// Those of kitty.
    Kitty,
    /// Sixels.
    Sixel,
}

/// Variables of programs that stand between this one and the terminal.
const BETWEEN: [&str; 6] = [
    "TMUX",
    "STY",
    "ZELLIJ",
    "SSH_CONNECTION",
    "SSH_CLIENT",
    "SSH_TTY",
];
/// Variables of terminals that may have been started from kitty, and inherit its own.
const INSIDE: [&str; 3] = ["XTERM_VERSION", "VTE_VERSION", "KONSOLE_VERSION"];
/// The first Konsole with sixels.
const KONSOLE: u32 = 22_04_00;

impl Protocol {
    /// The protocol of the terminal in an environment; `set` reads a variable that is not empty.
    pub fn found(set: &impl Fn(&str) -> Option<String>) -> Option<Self> {
        let term = set("TERM").unwrap_or_default();
        let between = BETWEEN.iter().any(|name| set(name).is_some())
            || ["tmux", "screen", "linux", "dumb"]
                .iter()
                .any(|name| term.starts_with(name));
        if between {
            return None;
        }
        match term.as_str() {
            "xterm-kitty" | "xterm-ghostty" => return Some(Self::Kitty),
            "foot" | "foot-extra" | "mlterm" | "mlterm-256color" | "contour" | "yaft-256color"
            | "wezterm" => return Some(Self::Sixel),
            _ => {}
        }
        match set("TERM_PROGRAM").as_deref() {
            Some("kitty" | "ghostty") => return Some(Self::Kitty),
            Some("WezTerm" | "iTerm.app") => return Some(Self::Sixel),
            Some(_) => return None,
            None => {}
        }
        let inside = INSIDE.iter().any(|name| set(name).is_some());
        let konsole = set("KONSOLE_VERSION").and_then(|version| version.parse::<u32>().ok());
        if konsole.is_some_and(|version| version >= KONSOLE) {
            Some(Self::Sixel)
        } else if set("KITTY_WINDOW_ID").is_some() && !inside {
            Some(Self::Kitty)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(environment: &[(&str, &str)]) -> Option<Protocol> {
        Protocol::found(&|name: &str| {
            let found = environment.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn terminals_with_pictures_are_found() {
        let usual = ("TERM", "xterm-256color");
        for (environment, protocol) in [
            (&[("TERM", "xterm-kitty")][..], Protocol::Kitty),
            (&[usual, ("KITTY_WINDOW_ID", "1")], Protocol::Kitty),
            (&[usual, ("TERM_PROGRAM", "ghostty")], Protocol::Kitty),
            (&[("TERM", "foot")], Protocol::Sixel),
            (&[usual, ("TERM_PROGRAM", "WezTerm")], Protocol::Sixel),
            (&[usual, ("KONSOLE_VERSION", "230804")], Protocol::Sixel),
        ] {
            assert_eq!(found(environment), Some(protocol), "{environment:?}");
        }
    }

    #[test]
    fn others_and_what_stands_between_have_none() {
        let kitty = ("TERM", "xterm-kitty");
        let inherited = ("KITTY_WINDOW_ID", "1");
        let usual = ("TERM", "xterm-256color");
        let none: [&[(&str, &str)]; 12] = [
            &[],
            &[usual],
            &[("TERM", "linux"), inherited],
            &[("TERM", "tmux-256color"), inherited],
            &[("TERM", "screen-256color"), inherited],
            &[kitty, ("TMUX", "/tmp/tmux-0/default,1,0")],
            &[kitty, ("STY", "1.pts")],
            &[kitty, ("SSH_TTY", "/dev/pts/1")],
            &[usual, inherited, ("XTERM_VERSION", "XTerm(390)")],
            &[usual, inherited, ("VTE_VERSION", "7600")],
            &[usual, inherited, ("TERM_PROGRAM", "vscode")],
            &[usual, ("KONSOLE_VERSION", "211203")],
        ];
        for environment in none {
            assert_eq!(found(environment), None, "{environment:?}");
        }
    }
}
