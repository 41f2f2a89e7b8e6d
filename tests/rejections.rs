//! What a wrong session file is answered with: place, field, what is allowed, the nearest valid name.
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use otflow::session::{MANUAL, parse};

/// Characters of the source line that are shown before the caret.
const AROUND: usize = 80;

/// Reads a text in which `¦` marks the place that must be blamed, and gives the message.
fn blamed(marked: &str) -> String {
    let (before, after) = marked.split_once('¦').unwrap();
    let text = format!("{before}{after}");
    let rejection = parse(&text, Path::new("s.ron")).unwrap_err();
    let line = 1 + before.matches('\n').count();
    let column = 1 + before.rsplit('\n').next().unwrap().chars().count();
    assert_eq!(
        (rejection.line, rejection.column),
        (line, column),
        "{rejection}"
    );
    let lines: Vec<&str> = rejection.message.lines().collect();
    let caret = lines
        .iter()
        .position(|line| line.trim_start() == "^")
        .unwrap();
    assert_eq!(
        lines[caret].chars().count(),
        column.min(AROUND + 1),
        "{rejection}"
    );
    lines[..caret - 1].join("\n")
}

/// The same for text that stands after valid data.
fn in_session(marked: &str) -> String {
    blamed(&format!(
        "(\n    data: Toy(name: \"moons\"), // é\n    {marked}\n)"
    ))
}

#[test]
fn a_value_out_of_range_is_blamed_with_name_range_and_value() {
    let cases = [
        (
            "model: (width: ¦0)",
            "`model.width` must be an integer from 1 to 8192, found 0",
        ),
        (
            "model: (width: 32, layers:\t¦1)",
            "`model.layers` must be an integer from 2 to 64, found 1",
        ),
        (
            "optimizer: Adam(lr: ¦0)",
            "`optimizer.lr` must be a number above 0 and up to 10, found 0.0",
        ),
        (
            "optimizer: Adam(lr: 1, clamp: Some(¦-1.0))",
            "`optimizer.clamp` must be None or a finite number above 0, found Some(-1.0)",
        ),
        (
            "optimizer: Adam(schedule: Halve(every: ¦0))",
            "`optimizer.schedule.every` must be an integer, at least 1, found 0",
        ),
        (
            "start: Matching(group: ¦5000)",
            "`start.group` must be an integer from 1 to 4096, found 5000",
        ),
        (
            "start: Matching(lr: 0.1, iterations: ¦0)",
            "`start.iterations` must be an integer, at least 1, found 0",
        ),
        (
            "start: ¦Model(\"\")",
            "the model of `start` must be the path of a file",
        ),
        (
            "optimizer: Muon(momentum: ¦1)",
            "`optimizer.momentum` must be a number from 0 on and below 1, found 1.0",
        ),
        (
            "optimizer: Adam(average: ¦1.0)",
            "`optimizer.average` must be None or a number above 0 and below 1, found Some(1.0)",
        ),
        (
            "optimizer: Adam(decay: ¦-1)",
            "`optimizer.decay` must be a number from 0 to 10, found -1.0",
        ),
        (
            "optimizer: Muon(clip: Some(¦0))",
            "`optimizer.clip` must be None or a finite number above 0, found Some(0.0)",
        ),
        (
            "optimizer: Muon(schedule: Cosine(floor: ¦1.5))",
            "`optimizer.schedule.floor` must be a number from 0 to 1, found 1.5",
        ),
        (
            "recovery: (factor: /* ( */ ¦1.0)",
            "`recovery.factor` must be a number above 0 and below 1, found 1.0",
        ),
        (
            "weights: (hjb: ¦-0.5)",
            "`weights.hjb` must be a number from 0 to 1000000000, found -0.5",
        ),
    ];
    for (marked, message) in cases {
        assert_eq!(in_session(marked), message);
    }
}

#[test]
fn the_literals_that_are_not_finite_are_refused_everywhere() {
    for field in ["transport", "likelihood", "hjb"] {
        for literal in ["NaN", "inf", "-inf", "1e400"] {
            let message = in_session(&format!("weights: ({field}: ¦{literal})"));
            assert!(
                message.starts_with(&format!("`weights.{field}` must be")),
                "{message}"
            );
        }
    }
    for marked in [
        "stop: (seconds: ¦inf)",
        "optimizer: Adam(lr: ¦NaN)",
        "optimizer: Adam(clamp: Some(¦inf))",
        "optimizer: Adam(schedule: Plateau(patience: 1, factor: ¦NaN))",
        "pictures: (every: ¦inf)",
    ] {
        assert!(in_session(marked).contains("must be"));
    }
}

#[test]
fn a_wrong_type_is_blamed_with_what_is_allowed() {
    let width = "`model.width` must be an integer from 1 to 8192, found";
    for value in [
        "32.0",
        "\"32\"",
        "-1",
        "1e3",
        "abc",
        "99999999999999999999999",
        "3u8",
        "true",
        "'c'",
    ] {
        assert_eq!(
            in_session(&format!("model: (width: ¦{value})")),
            format!("{width} `{value}`")
        );
    }
    for value in ["\"1\"", "abc", "0.5.3", "1..5", "."] {
        let message = in_session(&format!("weights: (hjb:  ¦{value}, transport: 1)"));
        assert!(
            message.starts_with("`weights.hjb` must be a number from 0"),
            "{message}"
        );
    }
    assert!(in_session("model: (precision: ¦\"F32\")").contains("must be F32 or F64"));
    assert!(in_session("gates: ¦\"divergence <= 1\"").contains("must be a list"));
    let kinds = in_session("start: ¦5");
    assert!(
        kinds.starts_with("`start` must be None, Matching() or Model(\"best.safetensors\")"),
        "{kinds}"
    );
    assert!(in_session("start: Matching(batch: ¦1.5)").contains("an integer from 1 to"));
    assert!(in_session("optimizer: Muon(average: ¦x)").contains("None or a number above 0"));
    assert!(in_session("start: Model(¦best)").contains("`start` must be None"));
    assert_eq!(
        in_session("start: ¦Matching"),
        "`start`: `Matching` needs brackets, as `Matching()`"
    );
    assert!(in_session("optimizer: ¦Muon, stop: ()").contains("as `Muon()`"));
    assert!(in_session("stop: (seconds: Some(¦x))").contains("None or a finite number"));
    assert!(in_session("model: ¦3").contains("`(`"));
    assert!(blamed("(data: Toy(name: ¦moons))").contains("one of 8gaussians"));
}

#[test]
fn an_unknown_name_is_blamed_with_the_nearest_valid_one() {
    let cases = [
        (
            "¦modle: (width: 3)",
            "unknown field of `session` `modle`; did you mean `model`?",
        ),
        (
            "model: (¦widht: 3)",
            "unknown field of `model` `widht`; did you mean `width`?",
        ),
        (
            "optimizer: Adam(¦rl: 3)",
            "unknown field of `optimizer` `rl`",
        ),
        (
            "¦lr: 0.1",
            "unknown field of `session` `lr`; did you mean `start.lr` or `optimizer.lr`? Valid: data, model",
        ),
        (
            "¦steps: 8",
            "unknown field of `session` `steps`; did you mean `flow.steps` or `validation.steps`?",
        ),
        (
            "model: (precision: ¦F23)",
            "`model.precision`: unknown variant `F23`; did you mean `F32`?",
        ),
        (
            "optimizer: ¦Adm(lr: 1)",
            "`optimizer`: unknown variant `Adm`; did you mean `Adam`?",
        ),
        (
            "optimizer: Adam(schedule: ¦Plateua(patience: 1))",
            "`optimizer.schedule`: unknown variant `Plateua`; did you mean `Plateau`?",
        ),
        (
            "start: ¦Match(lr: 1)",
            "`start`: unknown variant `Match`; did you mean `Matching`?",
        ),
        (
            "start: Matching(¦batches: 1)",
            "unknown field of `start` `batches`; did you mean `batch`?",
        ),
        (
            "start: Matching(¦steps: 1)",
            "unknown field of `start` `steps`; did you mean `flow.steps` or `validation.steps`?",
        ),
        (
            "optimizer: Adam(¦momentum: 0.9)",
            "unknown field of `optimizer` `momentum`; did you mean another kind of `optimizer`?",
        ),
        (
            "optimizer: Muon(schedule: Cosine(¦every: 9))",
            "unknown field of `optimizer.schedule` `every`; did you mean another kind of",
        ),
        (
            "gates: [\"divergence<=1\", ¦\"validation_D <= 1\"]",
            "`gates`: unknown figure `validation_D`",
        ),
        ("gates: [¦r#\"C <= 1\"#]", "`gates`: unknown figure `C`"),
        ("gates: [¦\"\"]", "`gates`: a gate is `FIGURE <= LIMIT`"),
    ];
    for (marked, beginning) in cases {
        let message = in_session(marked);
        assert!(message.starts_with(beginning), "{message}");
    }
    let message = blamed("(data: Toy(batch: 3, name: ¦\"8gausians\"))");
    assert!(
        message
            .starts_with("`data.name`: unknown data set `8gausians`; did you mean `8gaussians`?")
    );
}

#[test]
fn a_missing_or_double_field_is_blamed_by_its_dotted_name() {
    assert!(
        blamed("(data: ¦Toy(batch: 3 ))").starts_with("`data.name` is missing; it must be one of")
    );
    assert!(blamed("¦Session(\n model: ())").starts_with("`data` is missing"));
    let every = in_session("optimizer: Adam(lr: 1, schedule: ¦Halve())");
    assert!(every.starts_with("`optimizer.schedule.every` is missing; it must be an integer"));
    assert_eq!(
        in_session("model: (width: 1, ¦width: 1)"),
        "`model.width` is given twice"
    );
}

#[test]
fn step_nodes_need_two_steps_in_training_and_validation() {
    let training = in_session("flow: (steps: ¦1, trace: StepNodes)");
    assert!(
        training.starts_with("`flow.steps` must be at least 2 where `flow.trace` is StepNodes")
    );
    let validation = in_session("flow: (trace: StepNodes), validation: (steps: ¦1)");
    assert!(
        validation.starts_with("`validation.steps` must be at least 2"),
        "{validation}"
    );
}

#[test]
fn broken_syntax_is_blamed_where_it_breaks() {
    let cases = [
        (
            "model: (width: 32 ¦rank: 2)",
            "expected `,` or a closing bracket",
        ),
        (
            "model: (width: 32,¦, rank: 2)",
            "expected the name of a field",
        ),
        ("model: (¦32)", "expected the name of a field"),
        ("model: (width ¦32)", "expected `:`"),
        (
            "stop: (iterations: 1, seconds: Some(1.0¦]",
            "Expected closing `)`",
        ),
    ];
    for (marked, beginning) in cases {
        let message = in_session(marked);
        assert!(message.starts_with(beginning), "{message}");
    }
    assert!(blamed("Session¦").contains("Session"));
    assert!(blamed("¦Sess(data: 3)").contains("Session"));
    assert!(blamed("¦{}").contains("Session"));
    assert!(blamed("(data: Toy(name: \"moons\")) ¦x").contains("trailing"));
    assert!(blamed("(data: Toy(name: \"moons\")¦\n\n").contains("closing bracket"));
}

#[test]
fn a_file_without_a_session_is_called_empty() {
    for text in ["", "  \n\n", "\u{feff}", "// nothing\n", "/* nothing */"] {
        let rejection = parse(text, Path::new("s.ron")).unwrap_err();
        assert!(
            rejection.message.starts_with("the file is empty"),
            "{rejection}"
        );
    }
}

#[test]
fn no_beginning_of_a_session_and_no_nesting_makes_the_reader_fail() {
    let text = MANUAL;
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        if let Err(rejection) = parse(&text[..end], Path::new("s.ron")) {
            assert!(rejection.line <= text.lines().count());
        }
    }
    for open in [
        "(",
        "[",
        "{",
        "(data:",
        "(data: Toy(",
        "Some(",
        "/*",
        "(model: (width: Some(",
    ] {
        assert!(parse(&open.repeat(100_000), Path::new("s.ron")).is_err());
    }
}

#[test]
fn a_long_line_is_shown_around_its_place_only() {
    let blank = " ".repeat(10_000);
    let marked = format!("model: ({blank}width: ¦0{blank}, {blank})");
    assert!(in_session(&marked).starts_with("`model.width`"));
}

#[test]
fn a_refusal_reads_as_compilers_write_theirs() {
    let text = "(\n\tdata: Toy(name: \"moons\"),\n\tmodel: (width: 0),\n)";
    let rejection = parse(text, Path::new("dir/s.ron")).unwrap_err();
    assert_eq!(
        rejection.to_string(),
        "dir/s.ron:3:17: `model.width` must be an integer from 1 to 8192, found 0\n \
         model: (width: 0),\n                ^"
    );
}

#[test]
fn control_characters_of_the_file_do_not_reach_the_terminal() {
    let name = "(data: Toy(name: \"moo\u{1b}[2Jns\"))";
    let rejection = parse(name, Path::new("s.ron")).unwrap_err();
    assert!(rejection.message.contains("moo [2Jns"), "{rejection}");
    assert!(!rejection.message.contains('\u{1b}'), "{rejection}");
}
