//! Points with their given values: rows of d learned and c given columns, so that any two of them can be on the axes.

use std::borrow::Cow;

use crate::event::Picture;

/// The points of a picture, n x d, each with its given values: n x (d + c).
pub fn points<'a>(picture: &Picture, points: &'a [f64]) -> Cow<'a, [f64]> {
    paths(picture, points, 1)
}

/// The points of the paths of a picture, k x nodes x d, each with the given values of its path: k x nodes x (d + c).
pub fn paths<'a>(picture: &Picture, points: &'a [f64], nodes: usize) -> Cow<'a, [f64]> {
    let &Picture {
        dimension: d,
        context: c,
        ref given,
        ..
    } = picture;
    if d == 0 || c == 0 || nodes == 0 {
        return Cow::Borrowed(points);
    }
    let paths = points.chunks_exact(nodes * d).zip(given.chunks_exact(c));
    let rows = paths.flat_map(|(path, given)| {
        let points = path.chunks_exact(d);
        points.flat_map(move |point| point.iter().chain(given).copied())
    });
    Cow::Owned(rows.collect())
}

/// Paths of one column, k x nodes, as points (t, x), t being the time of the flow: 0 at the data, where paths that go back end.
pub fn over_time(rows: &[f64], times: &[f64], backward: bool) -> Vec<f64> {
    let points = rows.iter().zip(times.iter().cycle());
    let points = points.flat_map(|(x, time)| [if backward { 1.0 - time } else { *time }, *x]);
    points.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_has_the_given_values_of_its_row() {
        let picture = |context| Picture {
            dimension: 1,
            context,
            given: vec![7.0, 8.0],
            ..Picture::default()
        };
        let rows = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(*points(&picture(1), &rows[..2]), [1.0, 7.0, 2.0, 8.0]);
        assert_eq!(
            *paths(&picture(1), &rows, 2),
            [1.0, 7.0, 2.0, 7.0, 3.0, 8.0, 4.0, 8.0]
        );
        assert_eq!(*points(&picture(0), &rows), rows);
    }

    #[test]
    fn paths_over_time_begin_at_the_data_or_end_there() {
        let (rows, times) = ([5.0, 6.0, 7.0, 8.0], [0.0, 1.0]);
        let over = |backward| over_time(&rows, &times, backward);
        assert_eq!(over(false), [0.0, 5.0, 1.0, 6.0, 0.0, 7.0, 1.0, 8.0]);
        assert_eq!(over(true), [1.0, 5.0, 0.0, 6.0, 1.0, 7.0, 0.0, 8.0]);
    }
}
