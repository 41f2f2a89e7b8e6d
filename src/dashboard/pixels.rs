//! The flow pane in pixels, where the terminal has a protocol for them. Panels draw characters as ever and describe beside them what they would draw in
//! pixels; a thread draws and encodes it; when it is done, the cells are left empty and the pictures put there, until the view, its place or the flow
//! is another one. So the first frame, and the first after a key, have characters, and no frame waits.
//!
//! | file | holds |
//! | --- | --- |
//! | scene | what a view draws, as plain data |
//! | render | a scene as pixels |
//! | kitty, sixel | pixels as bytes for the terminal |
//! | protocol | which of them the terminal has |
//! | thread | the thread that draws and encodes |
//!
//! On the screen, `erase` comes before the cells of a frame and `place` after them. A picture of sixels is erased by blanks, which the frame before has
//! in its cells; one of kitty by its number.

pub mod kitty;
pub mod protocol;
pub mod render;
pub mod scene;
pub mod sixel;
#[cfg(test)]
mod tests;
mod thread;

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::cursor::MoveTo;
use crossterm::queue;
use crossterm::style::ResetColor;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::state::flow::FlowView;
use protocol::Protocol;
use render::CellSize;
use scene::PixelScene;
use thread::{EncodedPicture, PixelOrder, PixelThread, RenderedOrder};

/// Least time between two orders, in times that the last one took: at most 1% of a core.
const REST: u32 = 100;
/// The size of a cell where the terminal does not tell; kitty scales pictures to their cells.
const USUAL_CELL: CellSize = CellSize {
    width: 8,
    height: 16,
};

/// Whether the user waits for a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Haste {
    /// A key has come a short time ago.
    AfterKey,
    /// Nobody waits.
    None,
}

/// The pictures on the screen, and those being drawn.
#[derive(Debug)]
pub struct FlowPixels {
    protocol: Protocol,
    thread: PixelThread,
    /// The size of a cell, as the terminal tells.
    told_cell: fn() -> Option<CellSize>,
    /// What the last frame is to show.
    wanted: Option<Arc<PixelOrder>>,
    /// The order that the thread works at.
    under_way: Option<Arc<PixelOrder>>,
    /// The last order that is done.
    done: Option<RenderedOrder>,
    /// The order of the pictures on the screen; None where there are none.
    placed: Option<Arc<PixelOrder>>,
    /// The time of the last order.
    ordered: Option<Instant>,
}

impl FlowPixels {
    /// No pictures so far.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn new(protocol: Protocol) -> io::Result<Self> {
        Ok(Self {
            protocol,
            thread: PixelThread::spawn()?,
            told_cell,
            wanted: None,
            under_way: None,
            done: None,
            placed: None,
            ordered: None,
        })
    }

    /// The size of a cell, if pictures can be placed on cells.
    fn cell(&self) -> Option<CellSize> {
        let usual = (self.protocol == Protocol::Kitty).then_some(USUAL_CELL);
        (self.told_cell)().or(usual)
    }

    /// Whether pictures are being drawn.
    pub fn busy(&self) -> bool {
        self.under_way.is_some()
    }

    /// The share of a core that the last order takes until the next one, 0 to 0.01; keys that hasten it left out.
    pub fn cost(&self) -> f64 {
        let Some((done, ordered)) = self.done.as_ref().zip(self.ordered) else {
            return 0.0;
        };
        let until_next = ordered.elapsed().max(done.time * REST);
        done.time.as_secs_f64() / until_next.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// Takes what the thread has done and gives it the next order; whether there is something new to be shown.
    pub fn poll(&mut self, haste: Haste) -> bool {
        let done = self.thread.take();
        let news = done.is_some();
        if news {
            (self.done, self.under_way) = (done, None);
        }
        self.order(haste);
        news
    }

    /// Gives the thread what is wanted, unless it has that or is busy, or it is too early.
    fn order(&mut self, haste: Haste) {
        let Some(wanted) = &self.wanted else {
            return;
        };
        let last = self.done.as_ref();
        let same = last.is_some_and(|done| done.order == *wanted);
        if self.busy() || same {
            return;
        }
        let rest = last.map_or(Duration::ZERO, |done| done.time * REST);
        let early = self.ordered.is_some_and(|ordered| ordered.elapsed() < rest);
        if early && haste == Haste::None {
            return;
        }
        if self.thread.order(wanted) {
            (self.under_way, self.ordered) = (Some(Arc::clone(wanted)), Some(Instant::now()));
        }
    }

    /// The pictures that can stand for what is wanted.
    fn usable(&self) -> Option<(&Arc<PixelOrder>, &[EncodedPicture])> {
        let (wanted, done) = (self.wanted.as_ref()?, self.done.as_ref()?);
        let pictures = done.pictures.as_deref()?;
        done.order
            .stands_for(wanted)
            .then_some((&done.order, pictures))
    }

    /// Takes the scenes of a frame, empties the cells of its pictures, and erases those on the screen that are no longer to be there.
    ///
    /// # Errors
    /// Those of the terminal.
    pub fn erase(
        &mut self,
        scenes: Vec<PixelScene>,
        view: &FlowView,
        frame: &mut Buffer,
        haste: Haste,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let room = |scene: &PixelScene| !scene.area.is_empty();
        let fit = !scenes.is_empty() && scenes.len() <= kitty::MOST && scenes.iter().all(room);
        self.wanted = self.cell().filter(|_| fit).map(|cell| {
            Arc::new(PixelOrder {
                scenes,
                view: view.clone(),
                cell,
                protocol: self.protocol,
            })
        });
        self.order(haste);
        let usable = self.usable();
        let stays =
            |placed: &Arc<PixelOrder>| usable.is_some_and(|(order, _)| Arc::ptr_eq(order, placed));
        for picture in usable.map_or(&[][..], |(_, pictures)| pictures) {
            blank(picture.area, frame);
        }
        match &self.placed {
            Some(placed) if !stays(placed) => self.erase_placed(out),
            _ => Ok(()),
        }
    }

    /// Erases the pictures on the screen.
    fn erase_placed(&mut self, out: &mut impl Write) -> io::Result<()> {
        let Some(placed) = self.placed.take() else {
            return Ok(());
        };
        match self.protocol {
            Protocol::Kitty => kitty::delete(out),
            Protocol::Sixel => {
                queue!(out, ResetColor)?;
                let areas = placed.scenes.iter().map(|scene| scene.area);
                areas.flat_map(Rect::rows).try_for_each(|row| {
                    queue!(out, MoveTo(row.x, row.y))?;
                    write!(out, "{}", " ".repeat(usize::from(row.width)))
                })
            }
        }
    }

    /// Puts the pictures on the screen that are to be there and are not.
    ///
    /// # Errors
    /// Those of the terminal.
    pub fn place(&mut self, out: &mut impl Write) -> io::Result<()> {
        let Some((order, pictures)) = self.usable() else {
            return Ok(());
        };
        if self.placed.is_some() {
            return Ok(());
        }
        for picture in pictures {
            queue!(out, MoveTo(picture.area.x, picture.area.y))?;
            out.write_all(&picture.bytes)?;
        }
        self.placed = Some(Arc::clone(order));
        out.flush()
    }

    /// Forgets what is on the screen, whose cells are all about to be cleared.
    ///
    /// # Errors
    /// Those of the terminal.
    pub fn forget(&mut self, out: &mut impl Write) -> io::Result<()> {
        match (self.placed.take(), self.protocol) {
            (Some(_), Protocol::Kitty) => kitty::delete(out),
            _ => Ok(()),
        }
    }
}

/// The size of a cell, which the kernel knows of most terminals.
fn told_cell() -> Option<CellSize> {
    let size = crossterm::terminal::window_size().ok()?;
    let width = size.width.checked_div(size.columns)?;
    let height = size.height.checked_div(size.rows)?;
    (width > 0 && height > 0).then_some(CellSize { width, height })
}

/// Empties the cells of an area.
fn blank(area: Rect, frame: &mut Buffer) {
    for position in area.intersection(frame.area).positions() {
        if let Some(cell) = frame.cell_mut(position) {
            cell.reset();
        }
    }
}
