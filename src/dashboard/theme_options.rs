//! The options of the theme: the symbols and colours that the terminal can show, as its environment tells or as the command line says
//! instead. The terminal is never asked: an answer that does not come, as behind tmux or ssh, would hold up the start.

use clap::{Args, ValueEnum};

use super::pixels::protocol::{Graphics, Protocol};
use super::theme::{Depth, Markers, Theme};

/// Terminals with all colours whose names don't say so; by ssh the name is all that arrives.
const TRUE: [&str; 6] = [
    "kitty",
    "alacritty",
    "foot",
    "wezterm",
    "ghostty",
    "-direct",
];

/// How the dashboard is to look.
#[derive(Args, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ThemeOptions {
    /// What curves and points are drawn with; braille, or ASCII where locale or TERM have no more.
    #[arg(long, value_name = "WHAT")]
    pub markers: Option<Markers>,
    /// Colours of the dashboard; found out from NO_COLOR, COLORTERM and TERM, if not given.
    #[arg(long, value_name = "HOW")]
    pub colors: Option<Colors>,
    /// Pixels in the flow pane; kitty or sixel where TERM and TERM_PROGRAM name a terminal that has them, and none in tmux, by ssh, without colour or
    /// in ASCII, if not given.
    #[arg(long, value_name = "WHICH")]
    pub graphics: Option<Graphics>,
}

/// The number of colours that the command line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colors {
    /// As NO_COLOR, COLORTERM and TERM tell.
    Auto,
    /// None; bold, dim and reverse remain.
    None,
    /// Those of ANSI.
    #[value(name = "16")]
    Ansi16,
    /// Those of xterm.
    #[value(name = "256")]
    Palette256,
    /// All.
    Truecolor,
}

impl ThemeOptions {
    /// The theme in an environment, of which `variable` reads one.
    pub fn theme(&self, variable: impl Fn(&str) -> Option<String>) -> Theme {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let colour = match self.colors {
            None | Some(Colors::Auto) => depth(&set),
            Some(Colors::None) => Depth::None,
            Some(Colors::Ansi16) => Depth::Ansi16,
            Some(Colors::Palette256) => Depth::Palette256,
            Some(Colors::Truecolor) => Depth::True,
        };
        Theme {
            markers: self.markers.unwrap_or_else(|| markers(&set)),
            colour,
        }
    }

    /// The protocol for pictures in an environment, of which `variable` reads one; None for characters only.
    pub fn graphics(&self, variable: impl Fn(&str) -> Option<String>) -> Option<Protocol> {
        match self.graphics {
            Some(Graphics::Off) => None,
            Some(Graphics::Kitty) => Some(Protocol::Kitty),
            Some(Graphics::Sixel) => Some(Protocol::Sixel),
            None | Some(Graphics::Auto) => {
                let theme = self.theme(&variable);
                let plain = theme.markers == Markers::Ascii || theme.colour == Depth::None;
                let set = |name: &str| variable(name).filter(|value| !value.is_empty());
                Protocol::found(&set).filter(|_| !plain)
            }
        }
    }

    /// The theme in the environment of the process.
    pub fn here(&self) -> Theme {
        self.theme(|name| std::env::var(name).ok())
    }

    /// The protocol for pictures in the environment of the process.
    pub fn graphics_here(&self) -> Option<Protocol> {
        self.graphics(|name| std::env::var(name).ok())
    }
}

/// The symbols of the terminal; `set` reads a variable that is not empty.
fn markers(set: &impl Fn(&str) -> Option<String>) -> Markers {
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE"));
    let locale = locale.or_else(|| set("LANG")).unwrap_or_default();
    let charset = locale
        .split(['.', '@'])
        .nth(1)
        .filter(|_| locale.contains('.'));
    let unicode = charset.is_none_or(|name| name.to_ascii_lowercase().replace('-', "") == "utf8");
    let poor = matches!(set("TERM").as_deref(), Some("linux" | "dumb"))
        || matches!(locale.as_str(), "C" | "POSIX");
    if poor || !unicode {
        Markers::Ascii
    } else {
        Markers::Braille
    }
}

/// The colours of the terminal.
fn depth(set: &impl Fn(&str) -> Option<String>) -> Depth {
    let term = set("TERM").unwrap_or_default();
    let promised = set("COLORTERM").is_some_and(|c| c.contains("truecolor") || c.contains("24bit"));
    // Screen takes colours of 24 bits for something else, but inherits the promise; tmux, which may have its name, does not.
    let screen = term.starts_with("screen") && set("TMUX").is_none();
    if set("NO_COLOR").is_some() {
        Depth::None
    } else if (promised && !screen) || TRUE.iter().any(|name| term.contains(name)) {
        Depth::True
    } else if term.contains("256color") {
        Depth::Palette256
    } else {
        Depth::Ansi16
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, ProgramCommand};

    /// The theme of these options in an environment.
    fn theme(options: ThemeOptions, environment: &[(&str, &str)]) -> Theme {
        options.theme(|name| {
            let found = environment.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn found(environment: &[(&str, &str)]) -> Theme {
        theme(ThemeOptions::default(), environment)
    }

    #[test]
    fn the_environment_decides_about_colour() {
        let colour = |environment: &[(&str, &str)]| found(environment).colour;
        let usual = ("TERM", "xterm-256color");
        assert_eq!(colour(&[usual, ("NO_COLOR", "")]), Depth::Palette256);
        let promise = ("COLORTERM", "truecolor");
        assert_eq!(colour(&[("NO_COLOR", "1"), promise]), Depth::None);
        assert_eq!(colour(&[usual, ("COLORTERM", "24bit")]), Depth::True);
        assert_eq!(colour(&[("TERM", "xterm")]), Depth::Ansi16);
        assert_eq!(colour(&[]), Depth::Ansi16);
        for term in ["xterm-kitty", "alacritty", "foot-extra", "xterm-direct"] {
            assert_eq!(colour(&[("TERM", term)]), Depth::True, "{term}");
        }
    }

    #[test]
    fn tmux_keeps_the_promise_of_the_terminal_around_it_and_screen_does_not() {
        let promise = ("COLORTERM", "truecolor");
        let screen = ("TERM", "screen-256color");
        assert_eq!(found(&[screen, promise]).colour, Depth::Palette256);
        let tmux = ("TMUX", "/tmp/tmux-0/default,1,0");
        assert_eq!(found(&[screen, promise, tmux]).colour, Depth::True);
    }

    #[test]
    fn the_environment_decides_about_markers() {
        let markers = |environment: &[(&str, &str)]| found(environment).markers;
        let ascii: [&[(&str, &str)]; 5] = [
            &[("TERM", "linux"), ("LANG", "en_US.UTF-8")],
            &[("LANG", "C")],
            &[("LANG", "POSIX")],
            &[("LANG", "de_DE.ISO-8859-15@euro")],
            &[("LANG", "en_US.UTF-8"), ("LC_ALL", "C")],
        ];
        for environment in ascii {
            assert_eq!(markers(environment), Markers::Ascii, "{environment:?}");
        }
        for locale in ["en_US.UTF-8", "C.utf8", "de_DE.UTF-8@euro", ""] {
            assert_eq!(markers(&[("LANG", locale)]), Markers::Braille, "{locale}");
        }
        assert_eq!(
            markers(&[("LANG", "C"), ("LC_ALL", "C.UTF-8")]),
            Markers::Braille
        );
    }

    #[test]
    fn the_command_line_goes_before_the_environment() {
        let asked = |markers, colors| ThemeOptions {
            markers: Some(markers),
            colors: Some(colors),
            graphics: None,
        };
        let poor = [("TERM", "linux"), ("LANG", "C"), ("NO_COLOR", "1")];
        for (colors, colour) in [
            (Colors::Auto, Depth::None),
            (Colors::Ansi16, Depth::Ansi16),
            (Colors::Palette256, Depth::Palette256),
            (Colors::Truecolor, Depth::True),
        ] {
            let markers = Markers::Braille;
            let theme = Theme { markers, colour };
            assert_eq!(self::theme(asked(markers, colors), &poor), theme);
        }
        let rich = [("COLORTERM", "truecolor"), ("LANG", "en_US.UTF-8")];
        let found = self::theme(asked(Markers::Dots, Colors::None), &rich);
        assert_eq!((found.markers, found.colour), (Markers::Dots, Depth::None));
    }

    #[test]
    fn pictures_are_off_without_colour_and_in_ascii_unless_they_are_asked_for() {
        let kitty = ("TERM", "xterm-kitty");
        let graphics = |graphics, environment: &[(&str, &str)]| {
            let options = ThemeOptions {
                graphics,
                ..ThemeOptions::default()
            };
            options.graphics(|name| {
                let found = environment.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(graphics(None, &[kitty]), Some(Protocol::Kitty));
        assert_eq!(graphics(Some(Graphics::Off), &[kitty]), None);
        for plain in [("NO_COLOR", "1"), ("LANG", "C")] {
            assert_eq!(graphics(Some(Graphics::Auto), &[kitty, plain]), None);
            let asked = graphics(Some(Graphics::Sixel), &[kitty, plain]);
            assert_eq!(asked, Some(Protocol::Sixel));
        }
    }

    #[test]
    fn it_is_asked_for_with_and_without_a_command() {
        let parsed = |words: &[&str]| {
            let words = ["otflow"].iter().chain(words);
            let cli = Cli::try_parse_from(words).ok()?;
            Some(match cli.command {
                None => cli.look,
                Some(ProgramCommand::Train(train)) => train.look,
                Some(ProgramCommand::Watch(watch)) => watch.look,
                other => panic!("{other:?}"),
            })
        };
        let options = Some(ThemeOptions {
            markers: Some(Markers::Dots),
            colors: Some(Colors::Ansi16),
            graphics: Some(Graphics::Sixel),
        });
        let asked = ["--markers", "dots", "--colors=16", "--graphics=sixel"];
        assert_eq!(parsed(&asked), options);
        assert_eq!(parsed(&[&["train"], &asked[..]].concat()), options);
        assert_eq!(
            parsed(&[&["watch", "a", "b"], &asked[..]].concat()),
            options
        );
        assert_eq!(parsed(&["train"]), Some(ThemeOptions::default()));
        assert_eq!(
            parsed(&["--colors=16", "train"]),
            None,
            "nothing is ignored"
        );
        assert_eq!(parsed(&["--colors=8"]), None);
    }
}
