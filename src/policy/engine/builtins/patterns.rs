//! Regular expressions, as RE2 reads them (`re2`): the engine reads them otherwise, and refuses patterns whose program is larger than
//! 100 KiB, such as `[a-z0-9]{1,1000}`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{LazyLock, Mutex};

use regex::{Regex, RegexBuilder};
use regorus::Value;

use super::re2::translate;
use super::{Fault, Function, Outcome, types, undefined};

pub(super) const FUNCTIONS: &[Function] = &[
    ("regex.match", 2, matches),
    ("re_match", 2, matches),
    ("regex.is_valid", 1, is_valid),
    ("regex.split", 2, split),
    ("regex.replace", 3, replace),
    ("regex.find_n", 3, find),
    ("regex.find_all_string_submatch_n", 3, submatches),
    ("regex.globs_match", 2, globs_match),
];

/// Largest program of one pattern, in bytes.
const MAX_PROGRAM: usize = 10 << 20;

/// Most patterns that are kept.
const MAX_KEPT: usize = 1024;

/// Every pattern is compiled once, whichever thread needs it.
static COMPILED: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);

thread_local! {
    // A clone of a `Regex` has scratch space of its own, which is dear to make: each thread keeps one clone and shares that.
    static KEPT: RefCell<HashMap<String, Rc<Regex>>> = RefCell::default();
}

fn compile(pattern: &str) -> Result<Rc<Regex>, Fault> {
    compiled(pattern, || {
        translate(pattern).ok_or_else(|| undefined("the pattern is not a regular expression"))
    })
}

/// Whether a pattern is a regular expression.
pub(in crate::policy::engine) fn is_pattern(pattern: &str) -> bool {
    !matches!(compile(pattern), Err(Fault::Undefined(_)))
}

/// The expression that is kept under a name, made where there is none.
pub(super) fn compiled(
    pattern: &str,
    make: impl FnOnce() -> Result<String, Fault>,
) -> Result<Rc<Regex>, Fault> {
    if let Some(known) = KEPT.with(|kept| kept.borrow().get(pattern).cloned()) {
        return Ok(known);
    }
    let known = COMPILED
        .lock()
        .ok()
        .and_then(|kept| kept.get(pattern).cloned());
    let regex = match known {
        Some(regex) => regex,
        None => build(pattern, &make()?)?,
    };
    let shared = Rc::new(regex);
    KEPT.with(|kept| keep(&mut kept.borrow_mut(), pattern, Rc::clone(&shared)));
    Ok(shared)
}

fn build(pattern: &str, expression: &str) -> Result<Regex, Fault> {
    let regex = RegexBuilder::new(expression)
        .size_limit(MAX_PROGRAM)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                Fault::Fatal(format!("the pattern needs more than {MAX_PROGRAM} bytes"))
            }
            _ => undefined("the pattern is not a regular expression"),
        })?;
    if let Ok(mut kept) = COMPILED.lock() {
        keep(&mut kept, pattern, regex.clone());
    }
    Ok(regex)
}

fn keep<T>(kept: &mut HashMap<String, T>, pattern: &str, value: T) {
    if kept.len() >= MAX_KEPT {
        kept.clear();
    }
    kept.insert(pattern.to_owned(), value);
}

fn matches(arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::String(pattern), Value::String(text)] => {
            Ok(Value::from(compile(pattern)?.is_match(text)))
        }
        _ => Err(types()),
    }
}

fn is_valid(arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::String(pattern)] => match compile(pattern) {
            Ok(_) => Ok(Value::from(true)),
            Err(Fault::Undefined(_)) => Ok(Value::from(false)),
            Err(fatal) => Err(fatal),
        },
        _ => Ok(Value::from(false)),
    }
}

/// Splits as Go does.
fn split(arguments: &[Value]) -> Outcome {
    let [Value::String(pattern), Value::String(text)] = arguments else {
        return Err(types());
    };
    let regex = compile(pattern)?;
    if !pattern.is_empty() && text.is_empty() {
        return Ok(Value::from(vec![Value::from("")]));
    }
    let piece = |from: usize, to: usize| Value::from(text.get(from..to).unwrap_or_default());
    let mut out = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for found in regex.find_iter(text) {
        end = found.start();
        if found.end() != 0 {
            out.push(piece(begin, end));
        }
        begin = found.end();
    }
    if end != text.len() {
        out.push(piece(begin, text.len()));
    }
    Ok(Value::from(out))
}

fn replace(arguments: &[Value]) -> Outcome {
    let [
        Value::String(text),
        Value::String(pattern),
        Value::String(new),
    ] = arguments
    else {
        return Err(types());
    };
    let regex = compile(pattern)?;
    if text.len().saturating_mul(new.len().max(1)) > super::MAX_TEXT << 4 {
        return Err(Fault::Fatal("its result would be too long".to_owned()));
    }
    Ok(Value::from(
        regex.replace_all(text, new.as_ref()).into_owned(),
    ))
}

/// The number of matches that are asked for; all of them when it is negative.
fn limit(value: &Value) -> Result<usize, Fault> {
    match value {
        Value::Number(number) => {
            let number = number.as_i64().ok_or_else(types)?;
            Ok(usize::try_from(number).unwrap_or(usize::MAX))
        }
        _ => Err(types()),
    }
}

fn find(arguments: &[Value]) -> Outcome {
    let [Value::String(pattern), Value::String(text), number] = arguments else {
        return Err(types());
    };
    let found: Vec<Value> = compile(pattern)?
        .find_iter(text)
        .take(limit(number)?)
        .map(|found| Value::from(found.as_str()))
        .collect();
    Ok(Value::from(found))
}

fn submatches(arguments: &[Value]) -> Outcome {
    let [Value::String(pattern), Value::String(text), number] = arguments else {
        return Err(types());
    };
    let found: Vec<Value> = compile(pattern)?
        .captures_iter(text)
        .take(limit(number)?)
        .map(|captures| {
            let groups: Vec<Value> = captures
                .iter()
                .map(|group| Value::from(group.map_or("", |group| group.as_str())))
                .collect();
            Value::from(groups)
        })
        .collect();
    Ok(Value::from(found))
}

/// One position of a glob: the characters it takes, and how often.
struct Step {
    class: Vec<(char, char)>,
    any: bool,
    many: bool,
    optional: bool,
}

/// Whether some text matches both globs; globs are texts with `.`, `[…]`, `*` and `+` as in regular expressions.
fn globs_match(arguments: &[Value]) -> Outcome {
    let [Value::String(one), Value::String(two)] = arguments else {
        return Err(types());
    };
    let bad = || undefined("the glob cannot be read");
    let (one, two) = (steps(one).ok_or_else(bad)?, steps(two).ok_or_else(bad)?);
    // Pairs of positions that a common text can reach.
    let mut seen = std::collections::BTreeSet::new();
    let mut todo = vec![(0, 0)];
    while let Some((a, b)) = todo.pop() {
        if !seen.insert((a, b)) {
            continue;
        }
        match (one.get(a), two.get(b)) {
            (None, None) => return Ok(Value::from(true)),
            (Some(x), Some(y)) if meet(x, y) => {
                todo.push((a + 1, b + 1));
                if x.many {
                    todo.push((a, b + 1));
                }
                if y.many {
                    todo.push((a + 1, b));
                }
            }
            _ => {}
        }
        if one.get(a).is_some_and(|step| step.optional) {
            todo.push((a + 1, b));
        }
        if two.get(b).is_some_and(|step| step.optional) {
            todo.push((a, b + 1));
        }
    }
    Ok(Value::from(false))
}

fn meet(one: &Step, two: &Step) -> bool {
    one.any
        || two.any
        || one
            .class
            .iter()
            .any(|(a, b)| two.class.iter().any(|(c, d)| a.max(c) <= b.min(d)))
}

fn steps(glob: &str) -> Option<Vec<Step>> {
    let mut out: Vec<Step> = Vec::new();
    let mut chars = glob.chars();
    while let Some(c) = chars.next() {
        let mut class = Vec::new();
        let mut any = false;
        match c {
            '*' | '+' => {
                let last = out.last_mut()?;
                last.many = true;
                last.optional |= c == '*';
                continue;
            }
            '.' => any = true,
            '[' => {
                let mut inner: Vec<char> = Vec::new();
                loop {
                    match chars.next()? {
                        ']' => break,
                        '\\' => inner.push(chars.next()?),
                        c => inner.push(c),
                    }
                }
                let mut rest = inner.as_slice();
                while let [first, tail @ ..] = rest {
                    if let ['-', last, tail @ ..] = tail {
                        class.push((*first, *last));
                        rest = tail;
                    } else {
                        class.push((*first, *first));
                        rest = tail;
                    }
                }
            }
            '\\' => {
                let c = chars.next()?;
                class.push((c, c));
            }
            c => class.push((c, c)),
        }
        out.push(Step {
            class,
            any,
            many: false,
            optional: false,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_read_as_re2_reads_them() {
        assert_eq!(matched(r"^\w+$", "é"), Some(false));
        assert_eq!(matched(r"^[^[]+$", "a"), Some(true));
        assert!(is_pattern("a{,2}") && !is_pattern("(?=a)"));
    }

    fn same(pattern: &str) -> Option<bool> {
        let first = compile(pattern).ok()?;
        Some(Rc::ptr_eq(&first, &compile(pattern).ok()?))
    }

    fn matched(pattern: &str, text: &str) -> Option<bool> {
        Some(compile(pattern).ok()?.is_match(text))
    }

    #[test]
    fn a_pattern_is_compiled_once_and_told_from_its_neighbours() {
        assert_eq!(same("^cache-a$"), Some(true));
        assert_eq!(matched("^cache-a$", "cache-a"), Some(true));
        assert_eq!(matched("^cache-a", "cache-ab"), Some(true));
        assert_eq!(matched("^cache-a$", "cache-ab"), Some(false));
        assert_eq!(matched("(?i)^cache-a$", "CACHE-A"), Some(true));
        assert_eq!(matched("^cache-a$", "CACHE-A"), Some(false));
    }

    #[test]
    fn other_threads_have_the_pattern_too() {
        assert_eq!(matched("^shared-[0-9]+$", "shared-1"), Some(true));
        let there = std::thread::spawn(|| {
            (
                same("^shared-[0-9]+$"),
                matched("^shared-[0-9]+$", "shared-x"),
            )
        });
        assert_eq!(there.join().ok(), Some((Some(true), Some(false))));
    }

    #[test]
    fn a_full_cache_is_emptied_and_answers_stay_right() {
        let done = std::thread::spawn(|| {
            let wrong = (0..MAX_KEPT + 10).find(|n| {
                matched(&format!("^full-{n}$"), &format!("full-{n}")) != Some(true)
                    || matched(&format!("^full-{n}$"), "full-") != Some(false)
            });
            (wrong, KEPT.with(|kept| kept.borrow().len() <= MAX_KEPT))
        });
        assert_eq!(done.join().ok(), Some((None, true)));
        assert!(COMPILED.lock().is_ok_and(|kept| kept.len() <= MAX_KEPT));
    }

    #[test]
    fn what_is_no_pattern_is_not_kept() {
        for _ in 0..2 {
            assert!(compile("(unclosed").is_err());
            assert!(matches!(
                compile("(((a{1000}){1000}){1000})"),
                Err(Fault::Fatal(_))
            ));
        }
        assert!(KEPT.with(|kept| !kept.borrow().contains_key("(unclosed")));
    }
}
