//! `otflow plot RUN --what film`: a recorded run becomes a film, or it is said why not.
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod runs;

use std::fs;
use std::path::Path;
use std::process::Output;

use runs::{Place, SMALL, STARTING, code, table, text};

fn film(source: &Path, out: &Path, arguments: &[&str]) -> Output {
    let mut command = runs::otflow("plot");
    command.arg(source).args(["--what", "film", "--n", "20"]);
    command.args(["--steps", "4", "--width", "160", "--out"]);
    command.arg(out).args(arguments).output().unwrap()
}

/// Width, height and the delays of the frames of a GIF file, in hundredths of a second.
fn gif(path: &Path) -> ([u16; 2], Vec<u16>) {
    let mut decoder = gif::Decoder::new(fs::File::open(path).unwrap()).unwrap();
    let size = [decoder.width(), decoder.height()];
    let mut delays = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        delays.push(frame.delay);
    }
    (size, delays)
}

#[test]
fn a_run_with_a_start_becomes_a_gif_with_as_many_frames_as_asked_for() {
    let place = Place::new(STARTING);
    place.trains(&[]);
    let run = place.run();
    let out = place.folder.path().join("f.gif");
    let output = film(&run, &out, &["--frames", "5", "--rate", "10"]);
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).trim(), out.display().to_string());
    assert!(text(&output.stderr).contains("40 iterations, for 5 frames"));
    let ([width, _], delays) = gif(&out);
    assert_eq!((width, delays), (160, vec![10, 10, 10, 10, 300]));
}

#[test]
fn a_conditional_density_becomes_an_animated_png() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(&table(folder.path()).replace("jitter", r#"given: ["2"], jitter"#));
    place.trains(&[]);
    let run = place.run();
    let out = place.folder.path().join("f.png");
    let output = film(&run, &out, &["--frames", "3"]);
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    let decoder = png::Decoder::new(std::io::BufReader::new(fs::File::open(out).unwrap()));
    let reader = decoder.read_info().unwrap();
    assert_eq!(reader.info().animation_control().unwrap().num_frames, 3);
}

#[test]
fn what_cannot_be_trained_again_is_refused_with_the_reason() {
    let place = Place::new(SMALL);
    place.trains(&[]);
    let run = place.run();
    let out = place.folder.path().join("f.gif");
    let refused = |source: &Path, out: &Path, reason: &str| {
        let output = film(source, out, &["--frames", "3"]);
        let said = text(&output.stderr);
        assert_eq!(code(&output), Some(2), "{said}");
        assert!(said.contains(reason) && !out.exists(), "{said}");
    };
    let model = place.folder.path().join("model.safetensors");
    fs::copy(run.join("best.safetensors"), &model).unwrap();
    refused(&model, &out, "a film is of a run directory");
    refused(
        &run,
        &out.with_extension("svg"),
        "ends in .gif, .png or .apng",
    );
    let metrics = run.join("metrics.jsonl");
    let rows = fs::read_to_string(&metrics).unwrap();
    let row = rows.lines().find(|row| row.contains("\"iteration\":7,"));
    let other = row.unwrap().replace("\"R\":", "\"R\":9");
    fs::write(&metrics, rows.replace(row.unwrap(), &other)).unwrap();
    refused(&run, &out, "can't be trained again to the bits that it had");
    fs::remove_file(&metrics).unwrap();
    refused(&run, &out, "metrics.jsonl");
}
