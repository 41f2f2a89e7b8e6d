//! The lines of a long record that a picture of it needs, found by their first bytes: the others are not read as JSON.
//!
//! | lines | are taken |
//! | --- | --- |
//! | the start, edits, the end, validations of best parameters | all |
//! | rows of iterations, new batches | those of [`Thinning`] with N = [`ALL`]; of rows also the last of a start by matching, the last before whatever else is taken, and the last of all |
//! | other validations; all else, as rollbacks and drops of the rate | by the same rule over their count |

use memchr::memmem;

use crate::event::Thinning;

/// Rows of which none is left out.
const ALL: u64 = 4096;

/// Chooses lines of a record, in their order.
#[derive(Debug)]
pub(super) struct Overview {
    rule: Thinning,
    validations: u64,
    others: u64,
    /// The last row, if it was left out; else empty.
    held: Vec<u8>,
    /// Whether the last row was of a start by matching.
    matching: bool,
}

/// What a line is, and whether it is one of those that are taken anyhow.
enum LineKind {
    Row { matching: bool, chosen: bool },
    Batch { chosen: bool },
    Validation { chosen: bool },
    Other { chosen: bool },
}

impl Overview {
    pub(super) fn new() -> Self {
        Overview {
            rule: Thinning::new(ALL, 0),
            validations: 0,
            others: 0,
            held: Vec::new(),
            matching: false,
        }
    }

    /// Hands those of the lines that are wanted to `take`.
    pub(super) fn choose<'a>(
        &mut self,
        lines: impl Iterator<Item = &'a [u8]>,
        take: &mut dyn FnMut(&[u8]),
    ) {
        // One of these lines; that of lines before stands in `self.held`.
        let mut held: Option<&[u8]> = None;
        for line in lines {
            let chosen = match self.kind(line) {
                LineKind::Row { matching, chosen } => {
                    if std::mem::replace(&mut self.matching, matching) && !matching {
                        self.take_held(held.take(), take);
                    }
                    held = (!chosen).then_some(line);
                    self.held.clear();
                    chosen
                }
                LineKind::Other { chosen } => {
                    if chosen {
                        self.take_held(held.take(), take);
                    }
                    chosen
                }
                LineKind::Batch { chosen } | LineKind::Validation { chosen } => chosen,
            };
            if chosen {
                take(line);
            }
        }
        if let Some(line) = held {
            self.held = line.to_vec();
        }
    }

    /// Hands the last row of all to `take`.
    pub(super) fn finish(mut self, take: &mut dyn FnMut(&[u8])) {
        self.take_held(None, take);
    }

    fn take_held(&mut self, newer: Option<&[u8]>, take: &mut dyn FnMut(&[u8])) {
        let older = std::mem::take(&mut self.held);
        match newer {
            Some(line) => take(line),
            None if !older.is_empty() => take(&older),
            None => {}
        }
    }

    fn kind(&mut self, line: &[u8]) -> LineKind {
        let Some((name, rest)) = name(line) else {
            return LineKind::Other { chosen: true };
        };
        // Where the number is not found the line is left to be read whole.
        let by_number = || number(rest).is_none_or(|iteration| self.rule.keeps(iteration));
        match name {
            b"iteration" | b"matching" => LineKind::Row {
                matching: name == b"matching",
                chosen: by_number(),
            },
            b"resample" => LineKind::Batch {
                chosen: by_number(),
            },
            b"validation" => {
                self.validations += 1;
                let best = [&br#""best":true"#[..], br#""best_C":true"#]
                    .into_iter()
                    .any(|word| memmem::find(rest, word).is_some());
                LineKind::Validation {
                    chosen: best || self.rule.keeps(self.validations),
                }
            }
            b"start" | b"edit" | b"finished" => LineKind::Other { chosen: true },
            _ => {
                self.others += 1;
                LineKind::Other {
                    chosen: self.rule.keeps(self.others),
                }
            }
        }
    }
}

/// The name of the event of a line, and what follows it.
fn name(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = line.strip_prefix(br#"{"event":""#)?;
    let end = memchr::memchr(b'"', rest)?;
    Some(rest.split_at(end))
}

/// The iteration, where it follows the name.
fn number(rest: &[u8]) -> Option<u64> {
    let digits = rest.strip_prefix(br#"","iteration":"#)?;
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(&digits[..end]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::run::{line, synthetic};

    /// The events that are taken of these, handed over so many lines at a time.
    fn taken(events: &[Event], at_once: usize) -> Vec<Event> {
        let lines: Vec<String> = events.iter().map(line::json).collect();
        let mut found = Vec::new();
        let mut take = |line: &[u8]| found.push(serde_json::from_slice(line).unwrap());
        let mut overview = Overview::new();
        for some in lines.chunks(at_once) {
            overview.choose(
                some.iter().map(|line| line.trim_end().as_bytes()),
                &mut take,
            );
        }
        overview.finish(&mut take);
        found
    }

    fn row(iteration: u64) -> Event {
        synthetic::iteration(iteration, 1.0, 0.1, 0.5)
    }

    fn validation(iteration: u64, best: bool) -> Event {
        Event::Validation {
            iteration,
            seconds: 1.0,
            figures: synthetic::best(1).figures,
            best,
            best_c: best,
            doubt: None,
        }
    }

    #[test]
    fn rare_events_stay_and_rows_grow_with_the_logarithm() {
        let rate = |iteration| Event::Rate {
            iteration,
            old: 0.1,
            new: 0.05,
        };
        let mut events = vec![Event::Start(synthetic::start())];
        events.extend((1..=30).map(|i| synthetic::matching(i, 1.0, 0.5)));
        for i in 31..=40_000 {
            events.push(row(i));
            events.push(Event::Resample { iteration: i });
            match i {
                23_457 => events.push(rate(i)),
                30_001 => events.push(validation(i, true)),
                _ => {}
            }
        }
        let expected: Vec<Event> = events
            .iter()
            .filter(|event| {
                let kept = |i| Thinning::new(ALL, 0).keeps(i);
                let at_rate = matches!(
                    event,
                    Event::Iteration {
                        iteration: 23_457,
                        ..
                    }
                );
                at_rate || event.routine().is_none_or(kept)
            })
            .cloned()
            .collect();
        assert!(expected.len() < 2 * (ALL + 4 * ALL / 2) as usize);
        for at_once in [1, 7, 1000] {
            let mut found = taken(&events, at_once);
            // The last of all is one that the rule keeps here.
            assert_eq!(found.len(), expected.len());
            assert!(found == expected, "{at_once}");
            found.clear();
        }
    }

    #[test]
    fn the_last_row_of_the_start_and_of_all_are_taken() {
        let mut events: Vec<Event> = (1..=5001)
            .map(|i| synthetic::matching(i, 1.0, 0.5))
            .collect();
        events.extend((5002..=9001).map(row));
        for at_once in [1, 2, 640] {
            let found = taken(&events, at_once);
            assert!(found.contains(&events[5000]) && !found.contains(&events[4998]));
            assert_eq!(found.last(), Some(&row(9001)));
            let order: Vec<u64> = found.iter().filter_map(Event::routine).collect();
            assert!(order.is_sorted());
        }
    }

    #[test]
    fn validations_are_thinned_but_for_the_best() {
        let events: Vec<Event> = (1..=10_000)
            .map(|i| validation(10 * i, i % 1000 == 7))
            .collect();
        let found = taken(&events, 100);
        let best = |event: &&Event| matches!(event, Event::Validation { best: true, .. });
        assert_eq!(found.iter().filter(best).count(), 10);
        assert!(found.len() < 2 * ALL as usize);
    }

    #[test]
    fn lines_of_another_form_are_left_to_be_read_whole() {
        let mut overview = Overview::new();
        let lines: [&[u8]; 4] = [
            b"{ \"event\": \"iteration\", \"iteration\": 99999 }",
            b"{\"event\":\"iteration\",\"seconds\":1.0,\"iteration\":99999}",
            b"nonsense",
            b"{\"event\":\"iteration\",\"iteration\":99999999999999999999999,",
        ];
        let mut count = 0;
        overview.choose(lines.into_iter(), &mut |_| count += 1);
        assert_eq!(count, 4);
    }
}
