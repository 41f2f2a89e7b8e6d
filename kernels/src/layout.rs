//! The sizes that the layout of memory follows, all of them in this file.
//!
//! | size | what it is for | unit |
//! | --- | --- | --- |
//! | [`BLOCK_ROWS`] x [`BLOCK_COLUMNS`] | one register block of a product: its sums stay in registers | rows of K x vectors of samples |
//! | [`OUTER_VECTORS`] | one register block of the outer product, beside [`BLOCK_ROWS`] | vectors of columns of K |
//! | [`SIDE_BY_SIDE`] | vectors that go through the activation together | vectors |
//! | [`MAX_LANES`] | arrays on the stack that hold one value for every lane | lanes |
//! | [`PANEL_COLUMNS`] | a panel of J, which goes through all layers at once | columns of J |
//! | [`PANEL_PAIRS`] | a panel of J for Strassen's scheme | pairs of columns of J |
//! | [`MAX_PANEL_COLUMNS`] | the buffers for either kind of panel | columns of J |
//! | [`STRASSEN_MIN_ROWS`] | the smallest matrix for Strassen's scheme | rows of K |
//! | [`pending_columns`] | terms of the gradient of K that are stored before they are contracted | columns |
//! | [`PENDING_PAIRS`] | the same for Strassen's scheme | pairs of columns |
//! | [`section`] | rows that begin on a new vector where lanes are rows | rows of K |
//! | [`vectors`], [`transposed_len`] | a column with its rows across lanes | vectors |
//!
//! Two layouts of a column of m rows meet here. In the first one, a vector is a row and its lanes are samples: m vectors. In the
//! transposed one, a vector is one sample of [`Lanes::WIDTH`] rows: the rows are cut into sections, each padded with zeros to
//! whole vectors. A section is the whole column, or one half of it where Strassen's scheme takes halves apart.

use crate::lanes::Lanes;

/// The number of rows of a register block. With [`BLOCK_COLUMNS`], its sums fill the registers without spilling: 8 x 3 of the
/// 32 registers of AVX-512, 6 x 1 (of two registers each) of the 16 of AVX.
/// On NEON they are 6 x 1 (of four registers each): of 32, 24 for sums, 4 for x, and 2 for the weights, whose lanes a multiply-add
/// takes without a broadcast. Seven rows spill.
pub const BLOCK_ROWS: usize = if cfg!(target_feature = "avx512f") {
    8
} else if cfg!(any(target_feature = "avx", target_arch = "aarch64")) {
    6
} else {
    2
};

/// The number of columns that go through a register block together, a 512-bit vector each.
pub const BLOCK_COLUMNS: usize = if cfg!(target_feature = "avx512f") {
    3
} else {
    1
};

/// The number of vectors of columns of K that go through a register block of the outer product together. Where the registers
/// allow two, a broadcast value serves twice, and a CPU with two multiply-adds a cycle does not wait for loads.
pub const OUTER_VECTORS: usize = if BLOCK_COLUMNS >= 3 { 2 } else { 1 };

/// Whether two row blocks go through a single column together. A CPU with two multiply-adds a cycle needs more independent
/// chains of them than one block of eight rows has.
pub const TWO_BLOCKS: bool = BLOCK_COLUMNS >= 3;

/// The number of vectors that go through the activation side by side: their intermediate values fill the registers.
pub const SIDE_BY_SIDE: usize = if BLOCK_COLUMNS >= 3 { 4 } else { 2 };

/// The number of lanes of the widest vector that [`Lanes`] is implemented for.
pub const MAX_LANES: usize = 16;

/// The largest number of columns of a panel of J: as many as leave the L2 cache to K and its gradient. The longer a panel, the
/// fewer times the gradient of K is loaded and stored.
pub const PANEL_COLUMNS: usize = if BLOCK_COLUMNS == 3 { 3 } else { 4 };

/// The largest number of pairs of columns of a panel of J for Strassen's scheme. The bits depend on it, so it is alike on every
/// machine.
pub const PANEL_PAIRS: usize = 3;

/// The number of columns of the longest panel of either kind.
pub const MAX_PANEL_COLUMNS: usize = if PANEL_COLUMNS > 2 * PANEL_PAIRS {
    PANEL_COLUMNS
} else {
    2 * PANEL_PAIRS
};

/// The number of rows from which on Strassen's scheme saves more than its sums cost. The bits depend on it.
pub const STRASSEN_MIN_ROWS: usize = 160;

/// The largest number of pairs of columns that are pending for one contraction of Strassen's scheme; see [`pending_columns`].
pub const PENDING_PAIRS: usize = if BLOCK_COLUMNS >= 3 { 4 } else { 2 } * PANEL_PAIRS;

/// Returns the largest number of columns that are pending for one contraction of the gradient of a matrix of m rows: more where
/// they are small beside K in the L2 cache, unless a block has one column: its loads of many columns in turn, which lie whole
/// pages apart, would drive each other out of the eight ways of L1.
pub fn pending_columns(m: usize) -> usize {
    if m <= 128 && BLOCK_COLUMNS >= 3 {
        4 * PANEL_COLUMNS
    } else {
        2 * PANEL_COLUMNS
    }
}

/// Returns whether products with a square matrix of m rows follow Strassen's scheme in the trace, which needs two equal halves.
pub fn uses_strassen(m: usize) -> bool {
    m.is_multiple_of(2) && m >= STRASSEN_MIN_ROWS
}

/// Returns the rows of one section of a column of m rows: a half where Strassen's scheme is used, all of them elsewhere.
pub fn section(m: usize) -> usize {
    if uses_strassen(m) { m / 2 } else { m }
}

/// Returns the number of vectors that hold `rows` lanes, the last one padded.
pub fn vectors<T: Lanes>(rows: usize) -> usize {
    rows.div_ceil(T::WIDTH)
}

/// Returns the number of vectors of a transposed column of m rows: those of its sections, one for every sample.
pub fn transposed_len<T: Lanes>(m: usize, section: usize) -> usize {
    m / section * vectors::<T>(section) * T::WIDTH
}

/// Returns the sizes of even parts of `total`, none above `most`; the larger ones come first.
pub fn evenly(total: usize, most: usize) -> impl Iterator<Item = usize> {
    let count = total.div_ceil(most);
    let (size, larger) = (total / count.max(1), total % count.max(1));
    (0..count).map(move |k| size + usize::from(k < larger))
}

/// Returns the sizes of the row blocks of a matrix.
pub fn row_blocks(rows: usize) -> impl Iterator<Item = usize> {
    evenly(rows, BLOCK_ROWS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wide::{f32x16, f64x8};

    #[test]
    fn blocks_cover_the_rows_in_even_sizes() {
        for rows in 1..100 {
            let sizes: Vec<usize> = row_blocks(rows).collect();
            assert_eq!(sizes.iter().sum::<usize>(), rows);
            assert!(
                sizes
                    .iter()
                    .all(|&size| size <= BLOCK_ROWS && size + 1 >= sizes[0])
            );
        }
    }

    #[test]
    fn halves_are_sections_where_strassen_is_used() {
        assert_eq!((section(128), section(160), section(161)), (128, 80, 161));
        // Two halves of 83 rows, each in 6 vectors of 16 lanes or 11 of 8, one for every sample.
        assert_eq!(transposed_len::<f32x16>(166, 83), 2 * 6 * 16);
        assert_eq!(transposed_len::<f64x8>(166, 83), 2 * 11 * 8);
        assert_eq!(transposed_len::<f32x16>(33, 33), 3 * 16);
    }
}
