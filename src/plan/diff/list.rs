//! Which element before is which element after.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::Value;

/// Most pairs of elements that are compared for their likeness.
const MAX_PAIRS: usize = 40_000;

/// Fields that name an element, best first.
const NAMES: &[&str] = &["Sid", "sid", "name", "Name", "key", "id"];

/// One row of a compared list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pair {
    /// In its order; equal or changed.
    Kept(usize, usize),
    /// Elsewhere; equal or changed.
    Moved(usize, usize),
    /// Gone.
    Removed(usize),
    /// New.
    Added(usize),
}

impl Pair {
    /// The places before and after.
    pub(super) fn places(self) -> (Option<usize>, Option<usize>) {
        match self {
            Self::Kept(a, b) | Self::Moved(a, b) => (Some(a), Some(b)),
            Self::Removed(a) => (Some(a), None),
            Self::Added(b) => (None, Some(b)),
        }
    }
}

/// A compared list.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    pub(super) pairs: Vec<Pair>,
    /// Whether the elements are the same in another order.
    pub(super) is_reordered: bool,
    /// Whether there were too many to look for similar ones.
    pub(super) by_place: bool,
}

/// Pairs the elements of two lists.
pub(super) fn pair(a: &[Value], b: &[Value]) -> Pairing {
    let mut matched = equal(a, b);
    let is_reordered =
        matched.len() == a.len() && matched.len() == b.len() && matched.iter().any(|(x, y)| x != y);
    let (mut rest_a, mut rest_b) = rest(a, b, &matched);
    rest_a.retain(|at| a.get(*at).is_some_and(Value::is_container));
    rest_b.retain(|at| b.get(*at).is_some_and(Value::is_container));
    matched.extend(named(a, b, &mut rest_a, &mut rest_b));
    let by_place = rest_a.len().saturating_mul(rest_b.len()) > MAX_PAIRS;
    if by_place {
        matched.extend(rest_a.into_iter().zip(rest_b));
    } else {
        matched.extend(similar(a, b, &rest_a, &rest_b));
    }
    Pairing {
        pairs: in_order(a.len(), b.len(), matched),
        is_reordered,
        by_place,
    }
}

/// Pairs equal elements, the first with the first.
fn equal(a: &[Value], b: &[Value]) -> Vec<(usize, usize)> {
    let mut places: HashMap<&Value, Vec<usize>> = HashMap::new();
    // What stands at its old place stays there.
    let stays: BTreeSet<usize> = (0..a.len().min(b.len()))
        .filter(|at| a.get(*at) == b.get(*at))
        .collect();
    for (at, value) in a.iter().enumerate().rev() {
        if !stays.contains(&at) {
            places.entry(value).or_default().push(at);
        }
    }
    let mut out: Vec<(usize, usize)> = stays.iter().map(|at| (*at, *at)).collect();
    for (at, value) in b.iter().enumerate() {
        if !stays.contains(&at)
            && let Some(from) = places.get_mut(value).and_then(Vec::pop)
        {
            out.push((from, at));
        }
    }
    out
}

fn rest(a: &[Value], b: &[Value], matched: &[(usize, usize)]) -> (Vec<usize>, Vec<usize>) {
    let met_a: BTreeSet<usize> = matched.iter().map(|(x, _)| *x).collect();
    let met_b: BTreeSet<usize> = matched.iter().map(|(_, y)| *y).collect();
    (
        (0..a.len()).filter(|at| !met_a.contains(at)).collect(),
        (0..b.len()).filter(|at| !met_b.contains(at)).collect(),
    )
}

/// Pairs elements whose name is the same and stands only once on each side.
fn named(
    a: &[Value],
    b: &[Value],
    rest_a: &mut Vec<usize>,
    rest_b: &mut Vec<usize>,
) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    for field in NAMES {
        let (names_a, names_b) = (once(a, rest_a, field), once(b, rest_b, field));
        let pairs: Vec<(usize, usize)> = names_a
            .iter()
            .filter_map(|(name, x)| Some(((*x)?, (*names_b.get(name)?)?)))
            .collect();
        let (met_a, met_b): (BTreeSet<usize>, BTreeSet<usize>) = pairs.iter().copied().unzip();
        rest_a.retain(|at| !met_a.contains(at));
        rest_b.retain(|at| !met_b.contains(at));
        out.extend(pairs);
    }
    out
}

/// The place of each name; none where it stands twice.
fn once<'a>(
    values: &'a [Value],
    places: &[usize],
    field: &str,
) -> BTreeMap<&'a str, Option<usize>> {
    let mut out = BTreeMap::new();
    for at in places {
        if let Some(Value::Map(fields)) = values.get(*at)
            && let Some(Value::Text(name)) = fields.get(field)
            && !name.is_empty()
        {
            out.entry(name.as_str())
                .and_modify(|place| *place = None)
                .or_insert(Some(*at));
        }
    }
    out
}

/// Pairs what has most in common; less than a quarter is nothing.
fn similar(a: &[Value], b: &[Value], rest_a: &[usize], rest_b: &[usize]) -> Vec<(usize, usize)> {
    let mut known: HashMap<(usize, &Value), usize> = HashMap::new();
    let mut names: HashMap<&str, usize> = HashMap::new();
    let mut features = |values: &'_ [usize], side: &'static str| -> Vec<BTreeSet<usize>> {
        let of = |at: &usize| if side == "a" { a.get(*at) } else { b.get(*at) };
        values
            .iter()
            .map(|at| {
                let mut out = BTreeSet::new();
                let mut add = |name: usize, value| {
                    let next = known.len();
                    out.insert(*known.entry((name, value)).or_insert(next));
                };
                match of(at) {
                    Some(Value::Map(fields)) => {
                        for (name, value) in fields.iter().filter(|(_, value)| tells(value)) {
                            let next = names.len() + 1;
                            add(*names.entry(name.as_str()).or_insert(next), value);
                        }
                    }
                    Some(Value::List(items)) => items.iter().for_each(|value| add(0, value)),
                    _ => {}
                }
                out
            })
            .collect()
    };
    let (of_a, of_b) = (features(rest_a, "a"), features(rest_b, "b"));
    let mut scored = Vec::new();
    for (i, (x, left)) in rest_a.iter().zip(&of_a).enumerate() {
        for (j, (y, right)) in rest_b.iter().zip(&of_b).enumerate() {
            let common = left.intersection(right).count();
            let score = 2_000 * common / (left.len() + right.len()).max(1);
            if score >= 250 {
                scored.push((usize::MAX - score, i.abs_diff(j), *x, *y));
            }
        }
    }
    scored.sort_unstable();
    let (mut met_a, mut met_b) = (BTreeSet::new(), BTreeSet::new());
    let mut out = Vec::new();
    for (_, _, x, y) in scored {
        if !met_a.contains(&x) && !met_b.contains(&y) {
            met_a.insert(x);
            met_b.insert(y);
            out.push((x, y));
        }
    }
    // One against one is the same one, changed.
    if let ([x], [y]) = (rest_a, rest_b)
        && out.is_empty()
        && a.len() == 1
        && b.len() == 1
    {
        out.push((*x, *y));
    }
    out
}

/// Whether a field tells an element from others: most are null or empty in all of them.
fn tells(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Text(text) => !text.is_empty(),
        Value::List(items) => !items.is_empty(),
        Value::Map(fields) => !fields.is_empty(),
        _ => true,
    }
}

/// Rows in the order after; what is gone stands behind what it followed.
fn in_order(a: usize, b: usize, mut matched: Vec<(usize, usize)>) -> Vec<Pair> {
    matched.sort_unstable_by_key(|(_, y)| *y);
    let kept = longest(&matched);
    let mut rows: Vec<((usize, usize), Pair)> = Vec::with_capacity(a + b);
    let mut behind = BTreeMap::new();
    for (index, (x, y)) in matched.iter().enumerate() {
        if kept.contains(&index) {
            behind.insert(*x, *y + 1);
            rows.push(((*y + 1, 0), Pair::Kept(*x, *y)));
        } else {
            rows.push(((*y + 1, 0), Pair::Moved(*x, *y)));
        }
    }
    let (met_a, met_b): (BTreeSet<usize>, BTreeSet<usize>) = matched.iter().copied().unzip();
    for x in (0..a).filter(|x| !met_a.contains(x)) {
        let after = behind.range(..x).next_back().map_or(0, |(_, y)| *y);
        rows.push(((after, x + 1), Pair::Removed(x)));
    }
    for y in (0..b).filter(|y| !met_b.contains(y)) {
        rows.push(((y + 1, 0), Pair::Added(y)));
    }
    rows.sort_unstable_by_key(|(key, _)| *key);
    rows.into_iter().map(|(_, pair)| pair).collect()
}

/// The most pairs that keep their order; the others moved.
fn longest(pairs: &[(usize, usize)]) -> BTreeSet<usize> {
    // Ends of the best runs by length, and what stood before each.
    let mut ends: Vec<(usize, usize)> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (index, (x, _)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|(end, _)| end < x);
        before.push(
            length
                .checked_sub(1)
                .and_then(|at| ends.get(at))
                .map(|(_, index)| *index),
        );
        if let Some(end) = ends.get_mut(length) {
            *end = (*x, index);
        } else {
            ends.push((*x, index));
        }
    }
    let mut out = BTreeSet::new();
    let mut at = ends.last().map(|(_, index)| *index);
    while let Some(index) = at {
        out.insert(index);
        at = before.get(index).copied().flatten();
    }
    out
}
