//! The graphics protocol of kitty: a PNG file in base64, in parts of at most 4096 bytes, each an APC sequence `ESC _ G keys ; payload ESC \`.
//! (<https://sw.kovidgoyal.net/kitty/graphics-protocol>)
//!
//! | key | value |
//! | --- | --- |
//! | a=T, f=100 | transmit and show a PNG |
//! | i | the number of the image, by which it is replaced and deleted |
//! | c, r | columns and rows that the image is scaled to |
//! | C=1 | the cursor stays |
//! | z=-1 | text lies over the image |
//! | q=2 | the terminal answers nothing, which would be taken for keys |
//! | m | whether more parts follow |

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ratatui::layout::Size;

/// Most bytes of the payload of a part, a multiple of 4.
const PART: usize = 4096;
/// The number of the first image: numbers are shared by all that runs in a window.
const FIRST: u32 = 0x6f74_6601;
/// Most images at a time.
pub const MOST: usize = 4;

/// The sequence that shows a PNG in a number of cells from the cursor; `slot` is below [`MOST`].
pub fn encode(png: &[u8], slot: usize, cells: Size) -> Vec<u8> {
    let payload = STANDARD.encode(png);
    let parts = payload.as_bytes().chunks(PART);
    let last = parts.len().saturating_sub(1);
    let mut out = Vec::with_capacity(payload.len() + 16 * (last + 8));
    for (k, part) in parts.enumerate() {
        let more = u8::from(k < last);
        let keys = if k == 0 {
            let (id, Size { width, height }) = (FIRST + slot as u32, cells);
            format!("a=T,f=100,i={id},p=1,c={width},r={height},C=1,z=-1,q=2,m={more}")
        } else {
            format!("m={more},q=2")
        };
        out.extend_from_slice(b"\x1b_G");
        out.extend_from_slice(keys.as_bytes());
        out.push(b';');
        out.extend_from_slice(part);
        out.extend_from_slice(b"\x1b\\");
    }
    out
}

/// Deletes all images of this program, with their data.
pub fn delete(out: &mut impl Write) -> io::Result<()> {
    (FIRST..FIRST + MOST as u32).try_for_each(|id| write!(out, "\x1b_Ga=d,d=I,i={id},q=2\x1b\\"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys and the payload of each part.
    fn parts(bytes: &[u8]) -> Vec<(String, String)> {
        let text = std::str::from_utf8(bytes).unwrap();
        let parts = text.split_terminator("\x1b\\").map(|part| {
            let part = part.strip_prefix("\x1b_G").unwrap();
            let (keys, payload) = part.split_once(';').unwrap_or((part, ""));
            (keys.to_owned(), payload.to_owned())
        });
        parts.collect()
    }

    #[test]
    fn a_picture_comes_in_parts_that_make_it_up() {
        let png: Vec<u8> = (0..7000_u32).map(|k| (k * 7 % 251) as u8).collect();
        let parts = parts(&encode(&png, 2, Size::new(30, 9)));
        assert_eq!(parts.len(), 3);
        let first = format!("a=T,f=100,i={},p=1,c=30,r=9,C=1,z=-1,q=2,m=1", FIRST + 2);
        let keys: Vec<&str> = parts.iter().map(|(keys, _)| keys.as_str()).collect();
        assert_eq!(keys, [first.as_str(), "m=1,q=2", "m=0,q=2"]);
        assert!(parts.iter().all(|(_, payload)| payload.len() <= PART));
        let payload: String = parts.iter().map(|(_, payload)| payload.as_str()).collect();
        assert_eq!(STANDARD.decode(payload).unwrap(), png);
    }

    #[test]
    fn a_short_picture_is_one_part() {
        let parts = parts(&encode(b"png", 0, Size::new(1, 1)));
        assert!(parts.len() == 1 && parts[0].0.ends_with("m=0"), "{parts:?}");
    }

    #[test]
    fn all_images_are_deleted_without_an_answer() {
        let mut out = Vec::new();
        delete(&mut out).unwrap();
        let parts = parts(&out);
        assert_eq!(parts.len(), MOST);
        for (k, (keys, _)) in parts.iter().enumerate() {
            assert_eq!(*keys, format!("a=d,d=I,i={},q=2", FIRST as usize + k));
        }
    }
}
