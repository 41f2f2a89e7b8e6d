//! The colours of a picture of the screen: red, green and blue of what a terminal is told by number or name.

use ratatui::style::Color;

/// The red, green and blue of the 16 ANSI colours in a picture of the screen.
const ANSI: [[u8; 3]; 16] = [
    [0x1c, 0x1c, 0x1c],
    [0xd7, 0x5f, 0x5f],
    [0x87, 0xaf, 0x5f],
    [0xd7, 0xaf, 0x5f],
    [0x5f, 0x9f, 0xd7],
    [0xaf, 0x87, 0xd7],
    [0x5f, 0xaf, 0xaf],
    [0xc6, 0xc6, 0xc6],
    [0x6c, 0x6c, 0x6c],
    [0xff, 0x87, 0x87],
    [0xaf, 0xd7, 0x87],
    [0xff, 0xd7, 0x87],
    [0x87, 0xc3, 0xff],
    [0xd7, 0xaf, 0xff],
    [0x87, 0xd7, 0xd7],
    [0xff, 0xff, 0xff],
];
/// The colours of a picture of the screen where the terminal has its own: red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureColours {
    /// The colour of text.
    pub text: [u8; 3],
    /// The colour behind it.
    pub background: [u8; 3],
}

/// The colours of a picture of the screen where the terminal has its own.
pub const PICTURE: PictureColours = PictureColours {
    text: [0xd8; 3],
    background: [0x1c; 3],
};

/// The red, green and blue of a colour; None for the terminal's own.
pub fn rgb(colour: Color) -> Option<[u8; 3]> {
    let place = match colour {
        Color::Reset => return None,
        Color::Rgb(red, green, blue) => return Some([red, green, blue]),
        Color::Indexed(index) => index,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
    };
    // A cube of 6 x 6 x 6, then 24 grays.
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    Some(match place {
        0..16 => ANSI[usize::from(place)],
        16..232 => [(place - 16) / 36, (place - 16) / 6 % 6, (place - 16) % 6].map(level),
        232.. => [8 + 10 * (place - 232); 3],
    })
}
