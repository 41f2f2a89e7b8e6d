//! The report as JUnit XML: a suite of the name of the session, with what was trained where as its properties.

use std::time::Duration;

use anyhow::Result;
use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};

use super::{Report, ReportTest, TestOutcome};

/// The text of the report.
pub(super) fn text(report: &Report) -> Result<String> {
    let time = Duration::try_from_secs_f64(report.seconds).unwrap_or_default();
    let mut suite = TestSuite::new(&report.name);
    suite.set_time(time);
    for fact in &report.facts {
        suite.add_property(Property::new(fact.name, &fact.value));
    }
    for (i, test) in report.tests.iter().enumerate() {
        let mut case = TestCase::new(&test.name, status(test));
        case.set_classname(&report.name);
        // The first is the training; gates take no time.
        case.set_time(if i == 0 { time } else { Duration::ZERO });
        if let TestOutcome::Passed(Some(words)) = &test.outcome {
            case.set_system_out(words);
        }
        suite.add_test_case(case);
    }
    let mut whole = quick_junit::Report::new("otflow");
    whole.set_time(time);
    whole.add_test_suite(suite);
    Ok(whole.to_string()?)
}

fn status(test: &ReportTest) -> TestCaseStatus {
    let non_success = |kind, word: &str, message: &str| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_type(word);
        status.set_message(message);
        status.set_description(format!("{}: {message}", test.name));
        status
    };
    match &test.outcome {
        TestOutcome::Passed(_) => TestCaseStatus::success(),
        TestOutcome::Failed(message) => non_success(NonSuccessKind::Failure, "gate", message),
        TestOutcome::Error(trouble) => {
            non_success(NonSuccessKind::Error, trouble.kind, &trouble.message)
        }
        TestOutcome::Skipped => TestCaseStatus::skipped(),
    }
}
