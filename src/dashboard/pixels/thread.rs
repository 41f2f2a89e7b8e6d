//! The thread that draws scenes into pixels and encodes them, one order at a time; the screen goes on meanwhile.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use ratatui::layout::Rect;

use super::protocol::Protocol;
use super::render::{CellSize, indexed};
use super::scene::PixelScene;
use super::{kitty, sixel};
use crate::dashboard::state::flow::FlowView;

/// Most bytes that the pictures of an order may have together: beyond, writing them would keep keys waiting.
const MOST_BYTES: usize = 1 << 20;

/// What is to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct PixelOrder {
    /// The scenes.
    pub scenes: Vec<PixelScene>,
    /// The choices of the flow pane that they follow from.
    pub view: FlowView,
    /// The size of a cell.
    pub cell: CellSize,
    /// The protocol of the terminal.
    pub protocol: Protocol,
}

impl PixelOrder {
    /// Whether the picture of this order may stand for another one: of the same view in the same place, but of an earlier state of the flow.
    pub fn stands_for(&self, other: &Self) -> bool {
        let places = |order: &Self| {
            let scenes = order.scenes.iter();
            let places = scenes.map(|scene| (scene.area, scene.edges));
            places.collect::<Vec<_>>()
        };
        (&self.view, self.cell, self.protocol) == (&other.view, other.cell, other.protocol)
            && places(self) == places(other)
    }

    /// The sequences for the scenes; None where they cannot be shown.
    fn encode(&self) -> Option<Vec<EncodedPicture>> {
        let scenes = self.scenes.iter().enumerate();
        let encoded = scenes.map(|(slot, scene)| {
            let area = scene.area;
            let bytes = match self.protocol {
                Protocol::Kitty => {
                    let png = self.cell.fitted(scene)?.encode_png().ok()?;
                    kitty::encode(&png, slot, area.as_size())
                }
                Protocol::Sixel => {
                    let picture = indexed(&self.cell.banded(scene)?);
                    sixel::encode(&picture, self.cell.zoom(area))
                }
            };
            Some(EncodedPicture { area, bytes })
        });
        let encoded: Vec<_> = encoded.collect::<Option<_>>()?;
        let bytes: usize = encoded.iter().map(|picture| picture.bytes.len()).sum();
        (bytes <= MOST_BYTES).then_some(encoded)
    }
}

/// A picture as the terminal takes it.
#[derive(Clone, Debug)]
pub struct EncodedPicture {
    /// The cells that it covers.
    pub area: Rect,
    /// The sequence that shows it from the cursor.
    pub bytes: Vec<u8>,
}

/// An order that is done.
#[derive(Clone, Debug)]
pub struct RenderedOrder {
    /// The order.
    pub order: Arc<PixelOrder>,
    /// The pictures of its scenes; None where they cannot be shown.
    pub pictures: Option<Vec<EncodedPicture>>,
    /// The time that it took.
    pub time: Duration,
}

/// The handle of the thread; dropping it ends the thread.
#[derive(Debug)]
pub struct PixelThread {
    orders: Sender<Arc<PixelOrder>>,
    done: Receiver<RenderedOrder>,
}

impl PixelThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn spawn() -> io::Result<Self> {
        let (orders, inbox) = bounded::<Arc<PixelOrder>>(1);
        let (outbox, done) = bounded(1);
        let work = move || {
            for order in inbox {
                let start = Instant::now();
                let pictures = order.encode();
                let time = start.elapsed();
                let done = RenderedOrder {
                    order,
                    pictures,
                    time,
                };
                if outbox.send(done).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("pixels".into()).spawn(work)?;
        Ok(Self { orders, done })
    }

    /// Gives the thread an order; whether it takes it.
    pub fn order(&self, order: &Arc<PixelOrder>) -> bool {
        self.orders.try_send(Arc::clone(order)).is_ok()
    }

    /// An order that is done, if there is one.
    pub fn take(&self) -> Option<RenderedOrder> {
        self.done.try_recv().ok()
    }
}
