//! What is compared before a run starts: ranks that differ would train towards nothing.

use std::fs::File;
use std::io::{self, Read};

use anyhow::{Context, Result};
use crc::{CRC_64_XZ, Crc};

use super::Ranks;
use crate::checkpoint::fingerprint;
use crate::checkpoint::state::TrainingState;
use crate::data::Dataset;
use crate::session::{Session, to_ron};

const CRC: Crc<u64> = Crc::<u64>::new(&CRC_64_XZ);

/// The things that have to be the same on all ranks.
const COMPARED: [&str; 4] = ["program", "session", "table", "parameters"];

/// A checksum of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity([u64; COMPARED.len()]);

impl Identity {
    /// The identity of this process: checksums of the program's file, the session in force, the data, and the state of training.
    pub(crate) fn new(in_force: &Session, data: &Dataset, state: &TrainingState) -> Result<Self> {
        let program = std::env::current_exe().and_then(|path| checksum(File::open(path)?));
        let program = program.context("cannot read this program's own file")?;
        let state = postcard::to_allocvec(state)?;
        Ok(Identity([
            program,
            CRC.checksum(to_ron(in_force).as_bytes()),
            fingerprint(data),
            CRC.checksum(&state),
        ]))
    }
}

/// The checksum of a file, read block by block: the program may be larger than all it works on.
fn checksum(mut file: impl Read) -> io::Result<u64> {
    let (mut digest, mut block) = (CRC.digest(), [0; 1 << 14]);
    loop {
        match file.read(&mut block)? {
            0 => return Ok(digest.finalize()),
            read => digest.update(&block[..read]),
        }
    }
}

/// The largest exit code of all ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Worst {
    pub(crate) code: u8,
    /// The first rank that has it.
    pub(crate) rank: usize,
}

impl Ranks {
    /// Compares all ranks; the first difference from rank 0, in a sentence.
    pub(crate) fn compare(&mut self, own: &Identity) -> Option<String> {
        let all = self.collect(own.0.map(f64::from_bits).to_vec())?;
        let all: Vec<&[f64]> = all.chunks_exact(COMPARED.len()).collect();
        let bits = |value: &f64| value.to_bits();
        all.iter().enumerate().find_map(|(rank, other)| {
            let mut pairs = other.iter().map(bits).zip(all[0].iter().map(bits));
            let off = pairs.position(|(other, first)| other != first)?;
            Some(format!(
                "{} has another {} than {}: start all ranks with the same",
                self.name(rank),
                COMPARED[off],
                self.name(0)
            ))
        })
    }

    /// The largest of the codes that the ranks have; None when a rank is lost.
    pub(crate) fn worst(&mut self, own: u8) -> Option<Worst> {
        let all = self.collect(vec![f64::from(own)])?;
        let worst = all.iter().copied().fold(0.0, f64::max);
        let rank = all.iter().position(|&value| value == worst)?;
        Some(Worst {
            code: worst as u8,
            rank,
        })
    }

    /// Collects the values of every rank, as many of each.
    fn collect(&mut self, own: Vec<f64>) -> Option<Vec<f64>> {
        if self.size() == 1 {
            return Some(own);
        }
        self.into.resize(self.size() * own.len(), 0.0);
        self.out = own;
        self.on_wire(|wire, out, into| wire.gather(out, into))?;
        Some(self.into.clone())
    }

    /// A rank and where it runs.
    pub(crate) fn name(&self, rank: usize) -> String {
        format!("rank {rank} ({})", self.hosts[rank])
    }
}

#[cfg(test)]
mod tests {
    use super::super::local;
    use super::*;

    #[test]
    fn a_rank_with_another_table_is_named_on_every_rank() {
        let found = local::run(3, |mut ranks| {
            // Bits of a number that is not equal to itself.
            let mut identity = Identity([u64::MAX, 2, 3, 4]);
            assert_eq!(ranks.compare(&identity), None);
            identity.0[2] += u64::from(ranks.rank() == 2);
            ranks.compare(&identity)
        });
        let sentence =
            "rank 2 (here) has another table than rank 0 (here): start all ranks with the same";
        assert_eq!(found, vec![Some(sentence.to_owned()); 3]);
    }

    #[test]
    fn a_file_has_the_checksum_of_its_bytes() {
        let bytes: Vec<u8> = (0..100_000).map(|i| (i % 251) as u8).collect();
        assert_eq!(checksum(&bytes[..]).unwrap(), CRC.checksum(&bytes));
        assert_eq!(checksum(&b"123456789"[..]).unwrap(), 0x995d_c9bb_df19_39fa);
    }

    #[test]
    fn the_first_of_those_who_failed_worst_is_found() {
        let found = local::run(4, |mut ranks| {
            let own = [0, 2, 1, 2][ranks.rank()];
            ranks.worst(own)
        });
        assert_eq!(found, vec![Some(Worst { code: 2, rank: 1 }); 4]);
    }
}
