//! The pictures of the flow pane on a terminal that the test reads: they come, they are the whole area, and they go.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tiny_skia::Pixmap;

use super::protocol::Protocol;
use super::*;
use crate::dashboard::fixtures;
use crate::dashboard::layout;
use crate::dashboard::pane::Pane;
use crate::dashboard::state::flow::FlowContent;
use crate::dashboard::state::{Popup, State};
use crate::dashboard::theme::Theme;
use crate::event::Picture;

/// A screen of 120 x 40 cells of 10 x 20 pixels, and its pictures.
struct Screen {
    pixels: FlowPixels,
    state: State,
}

impl Screen {
    fn new(protocol: Protocol, content: FlowContent) -> Self {
        let mut state = fixtures::run();
        state.view.flow.content = content;
        let pixels = FlowPixels {
            told_cell: || {
                Some(CellSize {
                    width: 10,
                    height: 20,
                })
            },
            ..FlowPixels::new(protocol).unwrap()
        };
        Self { pixels, state }
    }

    /// The bytes before and behind the cells of the next frame, and the cells.
    fn frame(&mut self) -> (Vec<u8>, Buffer, Vec<u8>) {
        let mut cells = Buffer::empty(Rect::new(0, 0, 120, 40));
        let scenes = layout::screen_with_scenes(&self.state, &Theme::default(), &mut cells);
        let (mut before, mut behind) = (Vec::new(), Vec::new());
        let view = &self.state.view.flow;
        let pixels = &mut self.pixels;
        pixels
            .erase(scenes, view, &mut cells, Haste::AfterKey, &mut before)
            .unwrap();
        pixels.place(&mut behind).unwrap();
        (before, cells, behind)
    }

    /// Waits until the pictures of the last frame are done.
    fn settle(&mut self) {
        while self.pixels.busy() {
            std::thread::sleep(Duration::from_millis(1));
            self.pixels.poll(Haste::None);
        }
    }

    /// The areas of the pictures on the screen.
    fn placed(&self) -> Vec<Rect> {
        let scenes = &self.pixels.placed.as_ref().unwrap().scenes;
        scenes.iter().map(|scene| scene.area).collect()
    }

    /// The frame that has the pictures.
    fn shown(&mut self) -> (Vec<u8>, Buffer, Vec<u8>) {
        self.frame();
        self.settle();
        self.frame()
    }
}

/// The PNG files of the sequences of kitty.
fn kitty_files(bytes: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(bytes);
    let mut files: Vec<String> = Vec::new();
    for part in text.split("\x1b_G").skip(1) {
        let (keys, rest) = part.split_once(';').unwrap();
        let payload = rest.split_once("\x1b\\").unwrap().0;
        match files.last_mut() {
            Some(last) if !keys.contains("a=T") => last.push_str(payload),
            _ => files.push(payload.into()),
        }
    }
    let decoded = files.iter().map(|file| STANDARD.decode(file).unwrap());
    decoded.collect()
}

/// The pictures in the sequences of kitty.
fn kitty_pictures(bytes: &[u8]) -> Vec<Pixmap> {
    let files = kitty_files(bytes).into_iter();
    files
        .map(|file| Pixmap::decode_png(&file).unwrap())
        .collect()
}

/// Red, green and blue of the pixel at shares of the width and of the height from above.
fn pixel(picture: &Pixmap, [x, y]: [f64; 2]) -> [u8; 3] {
    let at = |share: f64, count: u32| (share * f64::from(count)) as u32;
    let pixel = picture.pixel(at(x, picture.width()), at(y, picture.height()));
    let pixel = pixel.unwrap();
    [pixel.red(), pixel.green(), pixel.blue()]
}

#[test]
fn the_first_frame_has_characters_and_then_the_pictures_take_their_place() {
    let mut screen = Screen::new(Protocol::Kitty, FlowContent::Data);
    let mut plain = Buffer::empty(Rect::new(0, 0, 120, 40));
    layout::screen(&screen.state, &Theme::default(), &mut plain);
    let (before, cells, behind) = screen.frame();
    assert_eq!((before.len(), behind.len()), (0, 0));
    assert_eq!(cells, plain);
    screen.settle();
    let (before, cells, behind) = screen.frame();
    assert!(before.is_empty());
    let areas = screen.placed();
    let pictures = kitty_pictures(&behind);
    assert_eq!(pictures.len(), areas.len());
    for (picture, area) in pictures.iter().zip(&areas) {
        let size = (u32::from(area.width) * 10, u32::from(area.height) * 20);
        assert_eq!((picture.width(), picture.height()), size);
        assert!(area.positions().all(|place| cells[place].symbol() == " "));
    }
    let outside = |place: ratatui::layout::Position| !areas.iter().any(|area| area.contains(place));
    let mut rest = cells.area.positions().filter(|place| outside(*place));
    assert!(rest.all(|place| cells[place] == plain[place]));
    let (before, _, behind) = screen.frame();
    assert_eq!((before.len(), behind.len()), (0, 0), "they stay");
}

#[test]
fn a_density_has_its_shades_where_the_characters_have_them() {
    let mut screen = Screen::new(Protocol::Kitty, FlowContent::Density);
    let (_, _, behind) = screen.shown();
    let picture = &kitty_pictures(&behind)[0];
    let order = screen.pixels.placed.clone().unwrap();
    let [left, right, low, high] = order.scenes[0].edges;
    // Eight normals of equal weight on a circle of radius 4 around 0, of which one is on the axis of x.
    let at = |x: f64, y: f64| {
        pixel(
            picture,
            [(x - left) / (right - left), (high - y) / (high - low)],
        )
    };
    let bright = |[r, g, _]: [u8; 3]| u32::from(r) + u32::from(g);
    assert!(bright(at(4.0, 0.0)) > 400, "{:?}", at(4.0, 0.0));
    assert!(bright(at(0.0, 0.0)) < 80, "{:?}", at(0.0, 0.0));
}

#[test]
fn a_large_area_has_a_picture_within_the_limit() {
    for protocol in [Protocol::Kitty, Protocol::Sixel] {
        let mut screen = Screen::new(protocol, FlowContent::Paths);
        (screen.state.view.zoom, screen.state.view.focus) = (true, Pane::Flow);
        let (_, _, behind) = screen.shown();
        assert!(!behind.is_empty() && behind.len() < 1 << 20);
        let area = screen.pixels.placed.as_ref().unwrap().scenes[0].area;
        assert!(area.width > 80, "wider than 800 pixels");
        if protocol == Protocol::Kitty {
            let picture = &kitty_pictures(&behind)[0];
            assert_eq!(picture.width(), 800);
            let keys = format!("c={},r={},", area.width, area.height);
            assert!(String::from_utf8_lossy(&behind).contains(&keys));
        } else {
            let size = format!(
                "\"1;1;{};{}#",
                area.width * 10 / 2 * 2,
                area.height * 20 / 6 * 6
            );
            assert!(String::from_utf8_lossy(&behind).contains(&size), "{size}");
        }
    }
}

#[test]
fn a_box_above_the_panes_deletes_the_pictures_and_they_come_back_at_once() {
    for protocol in [Protocol::Kitty, Protocol::Sixel] {
        let mut screen = Screen::new(protocol, FlowContent::Data);
        let (_, _, first) = screen.shown();
        screen.state.view.popup = Some(Popup::Help);
        let areas = screen.placed();
        let (before, cells, behind) = screen.frame();
        let mut plain = Buffer::empty(cells.area);
        layout::screen(&screen.state, &Theme::default(), &mut plain);
        assert_eq!((cells, behind.len()), (plain, 0));
        assert_eq!(erased(protocol, &areas), before);
        screen.state.view.popup = None;
        let (before, _, behind) = screen.frame();
        assert!(before.is_empty());
        assert_eq!(behind, first);
    }
}

/// The bytes that erase pictures.
fn erased(protocol: Protocol, areas: &[Rect]) -> Vec<u8> {
    let mut out = Vec::new();
    if protocol == Protocol::Kitty {
        kitty::delete(&mut out).unwrap();
        return out;
    }
    out.extend_from_slice(b"\x1b[0m");
    for row in areas.iter().flat_map(|area| area.rows()) {
        let place = format!("\x1b[{};{}H", row.y + 1, row.x + 1);
        out.extend_from_slice(place.as_bytes());
        out.extend(std::iter::repeat_n(b' ', row.width.into()));
    }
    out
}

#[test]
fn another_view_has_characters_first_and_another_picture_keeps_the_old_one_until_it_is_drawn() {
    let mut screen = Screen::new(Protocol::Kitty, FlowContent::Data);
    screen.shown();
    let mut newer = fixtures::picture();
    newer.generated.rotate_right(1);
    screen.state.picture = Some(newer);
    let (before, _, behind) = screen.frame();
    assert_eq!((before.len(), behind.len()), (0, 0), "the old one stays");
    screen.settle();
    let (before, _, behind) = screen.frame();
    assert_eq!(before, erased(Protocol::Kitty, &[]));
    assert!(!kitty_files(&behind).is_empty());
    screen.state.view.flow.content = FlowContent::Density;
    let (before, _, behind) = screen.frame();
    assert_eq!(before, erased(Protocol::Kitty, &[]));
    assert!(behind.is_empty() && screen.pixels.busy());
}

#[test]
fn particles_that_move_and_views_without_pixels_have_characters() {
    for (content, playing) in [
        (FlowContent::Paths, Some(0.0)),
        (FlowContent::LogDensities, None),
    ] {
        let mut screen = Screen::new(Protocol::Kitty, content);
        screen.state.view.flow.playing_since = playing;
        if content == FlowContent::LogDensities {
            let picture = screen.state.picture.as_mut().unwrap();
            picture.log_densities.data = vec![-1.0, -2.0];
        }
        screen.frame();
        assert!(screen.pixels.wanted.is_none() && !screen.pixels.busy());
    }
}

#[test]
fn sixels_need_the_size_of_a_cell_and_kitty_does_not() {
    for (protocol, shown) in [(Protocol::Kitty, true), (Protocol::Sixel, false)] {
        let mut screen = Screen::new(protocol, FlowContent::Data);
        screen.pixels.told_cell = || None;
        let (_, _, behind) = screen.shown();
        assert_eq!(!behind.is_empty(), shown);
    }
}

#[test]
fn no_picture_of_the_flow_and_no_size_makes_pixels_fail() {
    let usual = fixtures::picture();
    let spoilt = |spoil: fn(&mut Picture)| {
        let mut picture = usual.clone();
        spoil(&mut picture);
        picture
    };
    let pictures = [
        Picture::default(),
        spoilt(|picture| picture.times.clear()),
        spoilt(|picture| picture.times.fill(f64::NAN)),
        spoilt(|picture| picture.forward.fill(f64::INFINITY)),
        spoilt(|picture| picture.data.fill(f64::NAN)),
        spoilt(|picture| picture.data.fill(f64::MAX)),
        spoilt(|picture| {
            picture
                .density
                .iter_mut()
                .for_each(|density| density.across = 0)
        }),
        spoilt(|picture| {
            let densities = picture.density.iter_mut();
            densities.for_each(|density| density.values.fill(f64::NAN));
        }),
        usual.clone(),
    ];
    let cell = CellSize {
        width: 3,
        height: 7,
    };
    for picture in pictures {
        for content in FlowContent::ALL {
            let mut state = fixtures::run();
            state.set_picture(picture.clone());
            (state.view.flow.content, state.view.flow.samples) = (content, true);
            (state.view.zoom, state.view.focus) = (true, Pane::Flow);
            for (width, height) in [(0, 0), (1, 1), (60, 16), (61, 17), (80, 24)] {
                let mut cells = Buffer::empty(Rect::new(0, 0, width, height));
                let theme = &Theme::default();
                for scene in layout::screen_with_scenes(&state, theme, &mut cells) {
                    assert!(cells.area.intersection(scene.area) == scene.area);
                    let _ = (cell.fitted(&scene), cell.banded(&scene));
                }
            }
        }
    }
}
