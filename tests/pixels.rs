//! The flow pane in pixels: the real binary in a pseudo-terminal, its pictures decoded as the specifications of kitty and of sixels say.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod pty;

use std::thread::sleep;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pty::{DEADLINE, Pty};
use tiny_skia::Pixmap;

/// More iterations than a test can wait for.
const ENDLESS: u64 = 1_000_000_000;
/// What an outer program may have set.
const ALONE: [(&str, &str); 7] = [
    ("TMUX", ""),
    ("STY", ""),
    ("ZELLIJ", ""),
    ("SSH_CONNECTION", ""),
    ("SSH_CLIENT", ""),
    ("SSH_TTY", ""),
    ("NO_COLOR", ""),
];
/// The beginnings of the sequences of pictures: of kitty, and of sixels.
const PICTURES: [&[u8]; 2] = [b"\x1b_G", b"\x1bP"];
/// The alternate screen is left.
const LEFT: &[u8] = b"\x1b[?1049l";

/// Trains in a terminal of this environment.
fn open(args: &[&str], environment: &[(&str, &str)]) -> Pty {
    let environment = [&ALONE[..], &[("LANG", "C.UTF-8")], environment].concat();
    Pty::open_in(&pty::small(ENDLESS), args, &environment)
}

/// The places of a sequence of bytes.
fn places(bytes: &[u8], sequence: &[u8]) -> Vec<usize> {
    let windows = bytes.windows(sequence.len()).enumerate();
    windows
        .filter(|(_, window)| *window == sequence)
        .map(|(place, _)| place)
        .collect()
}

/// Waits for a sequence behind a place; its own place.
fn wait_for(pty: &Pty, sequence: &[u8], from: usize) -> usize {
    let start = Instant::now();
    loop {
        let found = places(&pty.written()[from..], sequence);
        if let Some(place) = found.first() {
            return from + place;
        }
        assert!(start.elapsed() < DEADLINE, "{}", pty.text());
        sleep(Duration::from_millis(5));
    }
}

/// The first picture of kitty behind a place, its keys, and the place behind it.
fn kitty_picture(bytes: &[u8], from: usize) -> (Pixmap, String, usize) {
    let mut place = from + places(&bytes[from..], b"\x1b_Ga=T")[0];
    let (mut payload, mut first) = (String::new(), String::new());
    loop {
        let end = place + places(&bytes[place..], b"\x1b\\")[0];
        let part = std::str::from_utf8(&bytes[place + 3..end]).unwrap();
        let (keys, data) = part.split_once(';').unwrap();
        payload.push_str(data);
        if first.is_empty() {
            first = keys.into();
        }
        place = end + 2;
        if keys.split(',').any(|key| key == "m=0") {
            let png = STANDARD.decode(payload).unwrap();
            return (Pixmap::decode_png(&png).unwrap(), first, place);
        }
    }
}

/// A picture of sixels: its size by the raster attributes, and the colour of each pixel in percent.
struct Sixels {
    width: usize,
    height: usize,
    pixels: Vec<Option<[u32; 3]>>,
}

impl Sixels {
    /// The picture in a sequence without its beginning and its end.
    fn decode(text: &str) -> Self {
        let body = text.split_once('q').unwrap().1;
        let mut rest = body.strip_prefix('"').unwrap();
        let size = numbers(&mut rest);
        let (width, height) = (size[2], size[3]);
        assert_eq!(size[..2], [1, 1], "square pixels");
        let mut pixels = vec![None; width * height];
        let mut palette = vec![None; 256];
        let (mut x, mut top, mut colour) = (0, 0, None);
        while let Some(character) = rest.chars().next() {
            rest = &rest[1..];
            let mut repeat = 1;
            let mut bits = character;
            match character {
                '#' => {
                    let parts = numbers(&mut rest);
                    if parts.len() == 5 {
                        assert_eq!(parts[1], 2, "red, green and blue");
                        let rgb = [parts[2], parts[3], parts[4]].map(|part| part as u32);
                        assert!(rgb.iter().all(|part| *part <= 100));
                        palette[parts[0]] = Some(rgb);
                    }
                    colour = palette[parts[0]];
                    continue;
                }
                '$' => {
                    x = 0;
                    continue;
                }
                '-' => {
                    (x, top) = (0, top + 6);
                    continue;
                }
                '!' => {
                    repeat = numbers(&mut rest)[0];
                    bits = rest.chars().next().unwrap();
                    rest = &rest[1..];
                }
                _ => {}
            }
            assert!(('?'..='~').contains(&bits), "{bits:?}");
            let bits = bits as usize - '?' as usize;
            for _ in 0..repeat {
                for row in (0..6).filter(|row| bits >> row & 1 == 1) {
                    assert!(x < width && top + row < height, "within its size");
                    pixels[(top + row) * width + x] = colour;
                }
                x += 1;
            }
        }
        Self {
            width,
            height,
            pixels,
        }
    }
}

/// Numbers with semicolons between them, taken from the beginning of a text.
fn numbers(text: &mut &str) -> Vec<usize> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != ';');
    let (numbers, rest) = text.split_at(end.unwrap_or(text.len()));
    *text = rest;
    let numbers = numbers.split(';');
    numbers.map(|number| number.parse().unwrap()).collect()
}

#[test]
fn kitty_has_pictures_of_the_pane_that_go_with_a_box_and_with_the_dashboard() {
    let mut pty = open(&[], &[("TERM", "xterm-kitty")]);
    let place = wait_for(&pty, b"\x1b_Ga=T", 0);
    wait_for(&pty, b"m=0", place);
    let synchronized = [&b"\x1b[?2026h"[..], b"\x1b[?2026l"];
    wait_for(&pty, synchronized[1], place);
    let bytes = pty.written();
    let (picture, keys, _) = kitty_picture(&bytes, 0);
    let key = |name: &str| -> u32 {
        let value = keys.split(',').find_map(|key| key.strip_prefix(name));
        value.unwrap().parse().unwrap()
    };
    let size = (10 * key("c="), 20 * key("r="));
    assert_eq!((picture.width(), picture.height()), size);
    assert_eq!((key("q="), key("C=")), (2, 1), "no answer, no move");
    let drawn = picture.pixels().iter().filter(|pixel| pixel.alpha() > 0);
    assert!((10..picture.pixels().len()).contains(&drawn.count()));
    let last = |sequence: &[u8], bytes: &[u8]| places(bytes, sequence).last().copied();
    let open = last(synchronized[0], &bytes[..place]) > last(synchronized[1], &bytes[..place]);
    assert!(open, "inside a synchronized update");
    let id = key("i=");
    let deleted = format!("\x1b_Ga=d,d=I,i={id},q=2\x1b\\");
    let before = pty.written().len();
    pty.press(b"?");
    wait_for(&pty, deleted.as_bytes(), before);
    pty.wait_for("this help");
    let closing = pty.written().len();
    pty.press(b"\x1b");
    wait_for(&pty, b"\x1b_Ga=T", closing);
    let resizing = pty.written().len();
    pty.resize((100, 30));
    let deletion = wait_for(&pty, deleted.as_bytes(), resizing);
    wait_for(&pty, b"\x1b_Ga=T", deletion);
    pty.press(b"\x1a");
    pty.wait_stopped();
    let bytes = pty.written();
    let gone = last(LEFT, &bytes).unwrap();
    let shown = last(b"\x1b_Ga=T", &bytes).unwrap();
    let erased = last(deleted.as_bytes(), &bytes[..gone]).unwrap();
    assert!(shown < erased && erased < gone, "{shown} {erased} {gone}");
    pty.kill("-CONT");
    wait_for(&pty, b"\x1b_Ga=T", gone);
    pty.press(b"qq");
    wait_for(&pty, LEFT, gone + 1);
    let bytes = pty.written();
    let gone = last(LEFT, &bytes).unwrap();
    let shown = last(b"\x1b_Ga=T", &bytes).unwrap();
    assert!(shown < last(deleted.as_bytes(), &bytes[..gone]).unwrap());
    assert_eq!(pty.leave(), 0);
}

#[test]
fn sixels_are_the_pane_in_pixels() {
    let mut pty = open(&["--graphics", "sixel"], &[]);
    let start = wait_for(&pty, PICTURES[1], 0);
    let end = wait_for(&pty, b"\x1b\\", start);
    let bytes = pty.written();
    let text = std::str::from_utf8(&bytes[start + 2..end]).unwrap();
    let Sixels {
        width,
        height,
        pixels,
    } = Sixels::decode(text);
    assert!(width % 10 == 0 && height % 6 == 0, "{width} x {height}");
    let drawn = pixels.iter().flatten().count();
    assert!((10..width * height).contains(&drawn), "{drawn}");
    pty.press(b"qq");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn other_terminals_get_no_pictures() {
    let kitty = ("TERM", "xterm-kitty");
    for (args, environment) in [
        (&[][..], &[("TERM", "linux")][..]),
        (&[], &[kitty, ("TMUX", "/tmp/tmux-0/default,1,0")]),
        (&[], &[kitty, ("SSH_TTY", "/dev/pts/1")]),
        (&["--graphics", "off"], &[kitty]),
    ] {
        let mut pty = open(args, environment);
        pty.wait_for("x1, x2");
        pty.press(b"?");
        pty.wait_for("this help");
        pty.press(b"\x1b");
        pty.wait_until("without help", |text| !text.contains("this help"));
        pty.press(b"qq");
        wait_for(&pty, LEFT, 0);
        let bytes = pty.written();
        for sequence in PICTURES {
            assert_eq!(places(&bytes, sequence), [0; 0], "{environment:?}");
        }
        assert_eq!(pty.leave(), 0);
    }
}
