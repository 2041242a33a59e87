//! The tests of policies as JUnit XML: a suite a file, a case a test.

use std::collections::BTreeMap;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::load::LoadError;
use crate::policy::{TestCase, TestOutcome, TestReport};
use crate::text::xml;

/// Writes the report.
pub(super) fn render(report: &TestReport) -> Result<String, LoadError> {
    let fail = |error: &dyn std::fmt::Display| {
        LoadError::input(&format!("JUnit XML cannot be written: {error}."), "")
    };
    let bytes = write(report).map_err(|error| fail(&error))?;
    String::from_utf8(bytes).map_err(|error| fail(&error))
}

fn write(report: &TestReport) -> io::Result<Vec<u8>> {
    let mut suites: BTreeMap<&str, Vec<&TestCase>> = BTreeMap::new();
    for case in &report.cases {
        suites.entry(case.file.as_str()).or_default().push(case);
    }
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let loading = usize::from(!report.errors.is_empty());
    writer
        .create_element("testsuites")
        .with_attribute(("name", "countersign policy test"))
        .with_attribute(("tests", &*(report.cases.len() + loading).to_string()))
        .with_attribute(("failures", &*report.count(TestOutcome::Failed).to_string()))
        .with_attribute((
            "errors",
            &*(report.count(TestOutcome::Error) + loading).to_string(),
        ))
        .with_attribute(("skipped", &*report.count(TestOutcome::Skipped).to_string()))
        .write_inner_content(|writer| {
            for (file, cases) in &suites {
                suite(writer, file, cases)?;
            }
            // What does not load is no test that a reader of this file may miss.
            if loading > 0 {
                writer
                    .create_element("testsuite")
                    .with_attribute(("name", "load"))
                    .with_attribute(("tests", "1"))
                    .with_attribute(("failures", "0"))
                    .with_attribute(("errors", "1"))
                    .with_attribute(("skipped", "0"))
                    .write_inner_content(|writer| {
                        writer
                            .create_element("testcase")
                            .with_attribute(("name", "policies and tests load"))
                            .with_attribute(("classname", "load"))
                            .write_inner_content(|writer| {
                                let text = xml(&report.errors.join("\n"));
                                writer
                                    .create_element("error")
                                    .with_attribute(("message", "they do not load"))
                                    .write_text_content(BytesText::new(&text))?;
                                Ok(())
                            })?;
                        Ok(())
                    })?;
            }
            Ok(())
        })?;
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

fn suite(writer: &mut Writer<Vec<u8>>, file: &str, cases: &[&TestCase]) -> io::Result<()> {
    let count = |outcome| {
        cases
            .iter()
            .filter(|case| case.outcome == outcome)
            .count()
            .to_string()
    };
    writer
        .create_element("testsuite")
        .with_attribute(("name", &*xml(file)))
        .with_attribute(("tests", &*cases.len().to_string()))
        .with_attribute(("failures", &*count(TestOutcome::Failed)))
        .with_attribute(("errors", &*count(TestOutcome::Error)))
        .with_attribute(("skipped", &*count(TestOutcome::Skipped)))
        .write_inner_content(|writer| {
            for case in cases {
                test(writer, case)?;
            }
            Ok(())
        })?;
    Ok(())
}

fn test(writer: &mut Writer<Vec<u8>>, case: &TestCase) -> io::Result<()> {
    let name = xml(case.name.as_str());
    let (package, rule) = name.rsplit_once('.').unwrap_or(("", &name));
    let element = writer
        .create_element("testcase")
        .with_attribute(("name", rule))
        .with_attribute(("classname", package))
        .with_attribute(("file", &*xml(case.file.as_str())))
        .with_attribute(("line", &*case.line.to_string()));
    let kind = match case.outcome {
        TestOutcome::Passed => {
            element.write_empty()?;
            return Ok(());
        }
        TestOutcome::Failed => "failure",
        TestOutcome::Error => "error",
        TestOutcome::Skipped => "skipped",
    };
    element.write_inner_content(|writer| {
        let inner = writer.create_element(kind);
        if case.outcome == TestOutcome::Skipped {
            inner.write_empty()?;
        } else {
            let problem = xml(case.problem.as_str());
            inner
                .with_attribute(("message", &*problem))
                .write_text_content(BytesText::new(&xml(&format!(
                    "{}:{}: {problem}",
                    case.file, case.line
                ))))?;
        }
        Ok(())
    })?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::text::Printable;

    #[test]
    fn what_is_hostile_is_escaped_and_what_failed_is_counted() {
        let case = |name: &str, outcome, problem: &str| TestCase {
            name: Printable::line(name),
            file: Printable::line("rules/\"<a>&\u{1b}_test.rego"),
            line: 3,
            outcome,
            problem: Printable::line(problem),
            prints: Vec::new(),
        };
        let report = TestReport {
            cases: vec![
                case("a.test_one", TestOutcome::Passed, ""),
                case("a.test_two", TestOutcome::Failed, "]]><x>\u{fffe}"),
                case("a.test_three", TestOutcome::Error, "broken"),
                case("a.todo_test_four", TestOutcome::Skipped, ""),
            ],
            errors: vec!["x.rego:1: cannot be parsed".to_owned()],
            ..TestReport::default()
        };
        let text = render(&report).unwrap();
        assert!(!text.contains(['\u{1b}', '\u{fffe}']), "{text}");
        assert!(!text.contains("<x>") && !text.contains("<a>"), "{text}");
        let mut reader = quick_xml::Reader::from_str(&text);
        let mut seen = BTreeMap::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Start(e) | Event::Empty(e) => {
                    let name = e.name().as_ref().to_owned();
                    for attribute in e.attributes() {
                        attribute.unwrap();
                    }
                    *seen.entry(name).or_insert(0) += 1;
                }
                Event::Eof => break,
                _ => {}
            }
        }
        let count = |name: &str| seen.get(name).copied().unwrap_or(0);
        assert_eq!(count("testcase"), 5);
        assert_eq!(
            (count("failure"), count("error"), count("skipped")),
            (1, 2, 1)
        );
        assert!(text.contains("<testsuites name=\"countersign policy test\" tests=\"5\" failures=\"1\" errors=\"2\" skipped=\"1\">"), "{text}");
    }
}
