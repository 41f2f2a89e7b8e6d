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

#[test]
fn look() {
    for (name, content) in [
        ("data", FlowContent::Data),
        ("density", FlowContent::Density),
        ("paths", FlowContent::Paths),
    ] {
        let mut screen = Screen::new(Protocol::Kitty, content);
        screen.state.view.zoom = true;
        screen.state.view.focus = Pane::Flow;
        screen.state.view.flow.reached = 0.6;
        screen.state.view.flow.samples = true;
        let start = std::time::Instant::now();
        let (_, _, behind) = screen.shown();
        println!("{name} {} bytes {:?} {:?}", behind.len(), screen.pixels.done.as_ref().unwrap().time, start.elapsed());
        for (k, file) in kitty_files(&behind).iter().enumerate() {
            std::fs::write(format!("/tmp/lead/px-{name}-{k}.png"), file).unwrap();
        }
    }
}
