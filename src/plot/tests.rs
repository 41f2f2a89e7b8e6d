//! Tests of every picture with usual and unusual values: figures are well-formed, of the size they claim, and labelled.

use rayon::prelude::*;

use super::losses::{DivergencePoint, EventMark, LossCurve, MarkKind};
use super::*;
use crate::event::{Density, InverseError, Picture};

/// Values that break what takes a range, a mean or a step for granted.
fn odd() -> Vec<Vec<f64>> {
    let huge = 1e300;
    vec![
        vec![],
        vec![0.25, -0.5],
        vec![f64::NAN; 8],
        vec![huge, -huge, -huge, huge, f64::MAX, f64::MIN, 0.0, 1.0],
        vec![3.0; 8],
        vec![f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1.0, 5e-324, 0.0],
        vec![0.0, 1.0, 1.0, 0.0, 0.5, 2.0, -1.0, -1.0],
    ]
}

fn picture(values: &[f64]) -> Picture {
    let rows = values.to_vec();
    let first = values.first().copied();
    Picture {
        iteration: 7,
        seconds: 0.0,
        dimension: 2,
        data: rows.clone(),
        mapped: rows.clone(),
        restored: rows.clone(),
        inverse_error: first.map(|mean| InverseError { mean, max: mean }),
        generated: rows.clone(),
        times: vec![0.0, 1.0],
        forward: rows.clone(),
        backward: rows,
        straightness: first,
        density: None,
        ..Picture::default()
    }
}

fn grid(values: &[f64]) -> Density {
    let edge = |k: usize| values.get(k).copied().unwrap_or(0.0);
    Density {
        bounds: [edge(0), edge(1), edge(2), edge(3)],
        across: 2,
        values: values.to_vec(),
    }
}

fn history(values: &[f64]) -> LossCurves {
    let row = |(k, value): (usize, &f64)| [k as f64, *value];
    let curve = LossCurve {
        training: values.iter().enumerate().map(row).collect(),
        validation: values.iter().map(|value| [*value, *value]).collect(),
    };
    let mark = |kind, iteration| EventMark {
        iteration,
        kind,
        label: "lr 0.1 \u{2192} <0.05>".into(),
    };
    LossCurves {
        loss: curve.clone(),
        l: curve.clone(),
        c: curve.clone(),
        m: curve.training.clone(),
        r: curve,
        divergence: values
            .iter()
            .map(|&value| DivergencePoint {
                iteration: value,
                value,
                error: value,
            })
            .collect(),
        entropy: values.last().copied(),
        marks: vec![
            mark(MarkKind::Edit, 0),
            mark(MarkKind::Rate, 3),
            mark(MarkKind::Rollback, u64::MAX),
        ],
    }
}

fn learned(values: &[f64]) -> LearningCurve {
    let points = values.iter().rev().zip(values);
    LearningCurve {
        name: "OT-Flow & \u{1}<new>".into(),
        points: points
            .map(|(&seconds, &c)| CurvePoint { seconds, c })
            .collect(),
        seconds: values.first().copied().unwrap_or_default(),
    }
}

fn caption() -> Caption {
    Caption {
        run: "run <1>".into(),
        iteration: 7,
        units: FigureUnits::Table,
        figures: None,
    }
}

fn columns() -> PlottedColumns {
    PlottedColumns::new(vec!["carat & \u{1}<cut>".into(), "price".into()])
}

/// Every picture, with words that it has to have.
fn figures(values: &[f64]) -> Vec<(SvgFigure, Vec<&'static str>)> {
    let (picture, names, run) = (picture(values), columns(), "run <1>");
    let caption = &caption();
    let points = points(values, 2, [0, 1]);
    let map = |density| DensityMap {
        density,
        points: &points,
        brightest: values.get(2).copied(),
    };
    let column = ColumnDensity {
        curve: points.clone(),
        data: values.to_vec(),
        generated: values.iter().rev().copied().collect(),
    };
    let condition = Condition {
        variable: "price".into(),
        context: "carat".into(),
        fixed: vec![FixedColumn {
            name: "depth".into(),
            value: values.first().copied().unwrap_or(0.0),
        }],
    };
    let log = LogDensities {
        data: values.to_vec(),
        generated: values.iter().rev().copied().collect(),
    };
    let unit = Density {
        bounds: [0.0, 1.0, 0.0, 2.0],
        ..grid(values)
    };
    let conditional_map = ConditionalMap {
        density: unit.clone(),
        condition,
        points: points.clone(),
    };
    let pair = vec!["carat &  <cut>", "price"];
    vec![
        (
            panels(&picture, &names, caption),
            [pair.clone(), vec!["Data x", "z1"]].concat(),
        ),
        (paths(&picture, &names, caption), pair.clone()),
        (density(&map(&grid(values)), &names, caption), pair.clone()),
        (density(&map(&unit), &names, caption), pair.clone()),
        (losses(&history(values), run), vec!["iteration", "C (nats)"]),
        (
            corner(&picture, &names, HistogramTop::OfBoth, caption),
            [pair, vec!["density"]].concat(),
        ),
        (
            histogram(&log, caption),
            vec!["log p(x) (nats)", "density (1/nat)"],
        ),
        (
            conditional(&conditional_map, values.get(1).copied(), caption),
            vec!["price", "carat", "median", "5, 95%"],
        ),
        (
            curve(&column, "price", values.get(3).copied(), caption),
            vec!["price", "density of the model"],
        ),
        (
            learning(
                &[learned(values), learned(&[3.0, 2.0])],
                values.last().copied(),
                run,
            ),
            vec!["training time (s)", "OT-Flow &  <new>  2"],
        ),
    ]
}

/// Width and height in the header of a PNG file.
fn size(png: &[u8]) -> [u32; 2] {
    assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
    assert_eq!(png[12..16], *b"IHDR");
    [16, 20].map(|at| u32::from_be_bytes(png[at..at + 4].try_into().unwrap()))
}

#[test]
fn whatever_the_values_every_figure_is_whole_and_labelled() {
    odd().par_iter().for_each(|values| {
        for (figure, words) in figures(values) {
            let svg = figure.svg();
            let document = roxmltree::Document::parse(&svg).unwrap();
            let root = document.root_element();
            let texts: Vec<&str> = document
                .descendants()
                .filter(|node| node.has_tag_name("text"))
                .filter_map(|node| node.text())
                .collect();
            for word in words {
                let named = texts.iter().any(|text| text.contains(word));
                assert!(named, "{word} is not among {texts:?}");
            }
            for node in document.descendants() {
                for name in ["x", "y", "cx", "cy", "d", "x1", "y1", "width", "height"] {
                    let value = node.attribute(name).unwrap_or("");
                    assert!(!value.contains("NaN") && !value.contains("inf"), "{value}");
                }
            }
            let side = |name| root.attribute(name).unwrap().parse::<f64>().unwrap();
            let pixels = ["width", "height"].map(|name| (2.0 * side(name)).round() as u32);
            assert_eq!(size(&figure.png().unwrap().bytes), pixels);
        }
    });
}
