//! The text of a file as UTF-8: read by position, unpacked from gzip, decoded, with runs of blanks as tabs. A part at a time.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};
use flate2::read::MultiGzDecoder;

use super::dialect::{Encoding, Separator};

/// First bytes of a gzip.
pub(super) const GZIP: &[u8] = b"\x1f\x8b";

/// A file that is read from its start, whatever else reads it.
pub(super) struct FileReader {
    file: File,
    at: u64,
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// The bytes of a text, unpacked.
pub(super) enum Bytes {
    Plain(FileReader),
    Gzip(Box<MultiGzDecoder<FileReader>>),
}

impl Bytes {
    /// Begins at the start of a file.
    pub fn open(file: &File) -> io::Result<Self> {
        let reader = FileReader {
            file: file.try_clone()?,
            at: 0,
        };
        let mut start = [0; GZIP.len()];
        let read = file.read_at(&mut start, 0)?;
        Ok(if &start[..read] == GZIP {
            Bytes::Gzip(Box::new(MultiGzDecoder::new(reader)))
        } else {
            Bytes::Plain(reader)
        })
    }

    /// Bytes of the file that were read, where they are not those of the text.
    fn packed(&self) -> Option<u64> {
        match self {
            Bytes::Plain(_) => None,
            Bytes::Gzip(decoder) => Some(decoder.get_ref().at),
        }
    }
}

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Bytes::Plain(file) => file.read(buffer),
            Bytes::Gzip(decoder) => decoder.read(buffer).map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::InvalidInput
                | io::ErrorKind::InvalidData => {
                    io::Error::other(format!("the gzip is damaged or cut short ({error})"))
                }
                _ => error,
            }),
        }
    }
}

/// The text of a file in UTF-8.
pub(super) enum Text {
    Utf8(Bytes),
    Decoded(Box<DecodeReaderBytes<Bytes, Vec<u8>>>),
}

impl Text {
    /// Begins at the start of a file.
    pub fn open(file: &File, encoding: Encoding) -> io::Result<Self> {
        let bytes = Bytes::open(file)?;
        Ok(match encoding.decoder() {
            None => Text::Utf8(bytes),
            decoder => Text::Decoded(Box::new(
                DecodeReaderBytesBuilder::new()
                    .encoding(decoder)
                    .build(bytes),
            )),
        })
    }

    /// Bytes of the file that were read, where they are not those of the text.
    pub fn packed(&self) -> Option<u64> {
        match self {
            Text::Utf8(bytes) => bytes.packed(),
            // The decoder does not show how far it is: the text has about as many bytes as the file.
            Text::Decoded(_) => None,
        }
    }
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Text::Utf8(bytes) => bytes.read(buffer),
            Text::Decoded(decoder) => decoder.read(buffer),
        }
    }
}

/// Makes every run of blanks and tabs outside of quotes a tab, and takes those at the ends of lines away.
pub(super) struct BlankRuns {
    quote: u8,
    quoted: bool,
    line_start: bool,
    /// Whether a run has begun that is to become a tab.
    pending: bool,
}

impl BlankRuns {
    pub fn new(quote: u8) -> Self {
        BlankRuns {
            quote,
            quoted: false,
            line_start: true,
            pending: false,
        }
    }

    /// The text with tabs; what is pending at its end comes with the next part.
    pub fn replace(&mut self, text: &[u8], out: &mut Vec<u8>) {
        for &byte in text {
            self.quoted ^= byte == self.quote;
            match byte {
                b' ' | b'\t' if !self.quoted => self.pending = !self.line_start,
                b'\r' | b'\n' if !self.quoted => {
                    (self.line_start, self.pending) = (true, false);
                    out.push(byte);
                }
                _ => {
                    if self.pending {
                        out.push(b'\t');
                    }
                    (self.line_start, self.pending) = (false, false);
                    out.push(byte);
                }
            }
        }
    }
}

/// A text whose fields are separated by one byte, with an error where it is no text or a row does not end: the reader of CSV would
/// keep a row of any length.
pub(super) struct SeparatedText {
    text: Text,
    blanks: Option<(BlankRuns, Vec<u8>)>,
    /// Bytes of the replaced text that were handed out already.
    taken: usize,
    /// Bytes that may be read until the row must have ended.
    pub left: usize,
    /// Bytes that were handed out.
    given: u64,
    /// Whether the end of the text was handed out.
    ended: bool,
}

/// What follows the text: a row ends with the first line break, unless a quote is open.
const END: &[u8] = b"\n\n";

impl SeparatedText {
    /// The text after its first `skip` bytes.
    pub fn new(mut text: Text, skip: u64, separator: Separator, quote: u8) -> io::Result<Self> {
        io::copy(&mut text.by_ref().take(skip), &mut io::sink())?;
        let blanks = separator == Separator::Blanks;
        Ok(SeparatedText {
            text,
            blanks: blanks.then(|| (BlankRuns::new(quote), Vec::new())),
            taken: 0,
            left: usize::MAX,
            given: 0,
            ended: false,
        })
    }

    /// Bytes of the file that were read, where they are not those of the text.
    pub fn packed(&self) -> Option<u64> {
        self.text.packed()
    }

    /// Whether a record that ends at this byte has an open quote, and so all that follows in it.
    pub fn is_open_at(&self, byte: u64) -> bool {
        self.ended && byte == self.given
    }

    /// Reads what the blanks are replaced in.
    fn read_replaced(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some((runs, replaced)) = &mut self.blanks else {
            return self.text.read(buffer);
        };
        while self.taken == replaced.len() {
            let read = self.text.read(buffer)?;
            if read == 0 {
                return Ok(0);
            }
            self.taken = 0;
            replaced.clear();
            runs.replace(&buffer[..read], replaced);
        }
        let part = &replaced[self.taken..];
        let part = &part[..part.len().min(buffer.len())];
        buffer[..part.len()].copy_from_slice(part);
        self.taken += part.len();
        Ok(part.len())
    }
}

impl Read for SeparatedText {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let refuse = |what| Err(io::Error::new(io::ErrorKind::InvalidData, what));
        if self.left == 0 {
            return refuse("is longer than 1 MiB; is a quote not closed?");
        }
        let mut read = self.read_replaced(buffer)?;
        if read == 0 && !self.ended && buffer.len() >= END.len() {
            read = END.len();
            buffer[..read].copy_from_slice(END);
            self.ended = true;
        }
        self.given += read as u64;
        self.left = self.left.saturating_sub(read);
        if buffer[..read].contains(&0) {
            return refuse("holds NUL bytes: not a text; NPY files must end in .npy");
        }
        Ok(read)
    }
}
