//! Changes of a plan that keep it JSON, decided by a seed: what random bytes would take for ever to hit upon.
//!
//! The fuzz target for plans uses the same changes.

use serde_json::{Map, Value as Json};

/// A string that begins with this is written without quotes: numbers that no tree can hold.
const RAW: &str = "@raw:";

/// A key that begins with this is written without it: the same key twice.
const AGAIN: &str = "@again:";

/// A value that looks like a secret; strings of letters and digits alone are followed by the oracle.
const PLANTED: &str = "Zq9PlantedSecret7";

const KEYS: [&str; 24] = [
    "address",
    "previous_address",
    "module_address",
    "mode",
    "type",
    "name",
    "deposed",
    "change",
    "actions",
    "before",
    "after",
    "after_unknown",
    "before_sensitive",
    "after_sensitive",
    "replace_paths",
    "importing",
    "action_reason",
    "sensitive",
    "sensitive_values",
    "values",
    "value",
    "child_modules",
    "resource_change",
    "timestamp",
];

const TEXTS: [&str; 22] = [
    "",
    "true",
    PLANTED,
    "2026-01-01T00:00:00Z",
    "\u{1b}]0;x\u{7}\u{9b}",
    "\u{202e}cba\u{200b}",
    "{\"a\":\"Zq9PlantedSecret7\",\"b\":[1,{}]}",
    "[[[[[1]]]]]",
    "line one of it\nZq9PlantedSecret7 is line two of it\n",
    "sensitive",
    "delete",
    "create",
    "no-op",
    "terraform_remote_state",
    "var.token",
    "\u{1f600}\u{0301}",
    "@raw:1e400",
    "@raw:-0",
    "@raw:1.10",
    "@raw:-1E-7",
    "@raw:123456789012345678901234567890",
    "@raw:18446744073709551615",
];

/// Decides from a seed; the same seed always decides the same (`SplitMix64`).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound; zero when there is none.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % (bound.max(1) as u64)).unwrap_or(0)
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// Changes the tree in one to four places; `marks` allows new marks of what is sensitive or unknown.
pub(crate) fn change(tree: &mut Json, marks: bool, random: &mut Random) {
    for _ in 0..=random.below(4) {
        change_once(tree, marks, random);
    }
}

/// The text of a tree, with numbers and repeated keys that a tree cannot hold.
pub(crate) fn text_of(tree: &Json) -> String {
    let text = tree.to_string().replace(&format!("\"{AGAIN}"), "\"");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once(&format!("\"{RAW}")) {
        out.push_str(before);
        let (number, behind) = after.split_once('"').unwrap_or((after, ""));
        out.push_str(number);
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Gives an object each of its keys twice, one key at a time, with another value behind the repeated one.
pub(crate) fn repeat_key(tree: &mut Json, position: &mut usize) -> bool {
    match tree {
        Json::Array(items) => items.iter_mut().any(|item| repeat_key(item, position)),
        Json::Object(fields) => {
            let names: Vec<String> = fields.keys().cloned().collect();
            for name in names {
                if *position == 0 {
                    let other = if fields[&name] == Json::Null {
                        Json::Bool(true)
                    } else {
                        Json::Null
                    };
                    fields.insert(format!("{AGAIN}{name}"), other);
                    return true;
                }
                *position -= 1;
                if fields
                    .get_mut(&name)
                    .is_some_and(|value| repeat_key(value, position))
                {
                    return true;
                }
            }
            false
        }
        _ => false,
    }
}

fn change_once(tree: &mut Json, marks: bool, random: &mut Random) {
    let copy = node(tree, random).clone();
    let place = if random.below(2) == 0 && tree.get("resource_changes").is_some() {
        &mut tree["resource_changes"]
    } else {
        tree
    };
    match random.below(14) {
        0..=2 if marks => mark(place, random),
        3 => {
            let target = node(place, random);
            if size(&copy) < 2000 {
                *target = copy;
            }
        }
        4 => *node(place, random) = nested(random),
        5 => *node(place, random) = Json::from("0123456789abcdef".repeat(1 + random.below(500))),
        6 => wrap(node(place, random), random),
        7 => remove(node(place, random), random),
        8 => repeat(node(place, random), random),
        9 => rename(node(place, random), random),
        10 => add(node(place, random), copy, random),
        11 => flip(node(place, random), random),
        _ => *node(place, random) = leaf(random),
    }
}

fn size(tree: &Json) -> usize {
    1 + match tree {
        Json::Array(items) => items.iter().map(size).sum(),
        Json::Object(fields) => fields.values().map(size).sum(),
        _ => 0,
    }
}

/// Any node of the tree.
fn node<'t>(tree: &'t mut Json, random: &mut Random) -> &'t mut Json {
    let mut position = random.below(size(tree));
    nth(tree, &mut position).expect("a position below the number of nodes")
}

fn nth<'t>(tree: &'t mut Json, position: &mut usize) -> Option<&'t mut Json> {
    if *position == 0 {
        return Some(tree);
    }
    *position -= 1;
    match tree {
        Json::Array(items) => items.iter_mut().find_map(|item| nth(item, position)),
        Json::Object(fields) => fields.values_mut().find_map(|field| nth(field, position)),
        _ => None,
    }
}

fn leaf(random: &mut Random) -> Json {
    match random.below(10) {
        0 => Json::Null,
        1 => Json::Bool(true),
        2 => Json::Bool(false),
        3 => Json::from(random.next()),
        4 => Json::from(-1),
        5 => Json::Array(Vec::new()),
        6 => Json::Object(Map::new()),
        _ => Json::from(random.pick(&TEXTS)),
    }
}

/// Lists or objects in each other, around the depths that are limits.
fn nested(random: &mut Random) -> Json {
    let depth = random.pick(&[3, 20, 61, 63, 64, 65, 66, 100, 120, 126, 127, 128, 129, 200]);
    let mut value = leaf(random);
    for _ in 0..depth {
        wrap(&mut value, random);
    }
    value
}

fn wrap(value: &mut Json, random: &mut Random) {
    let inner = value.take();
    *value = if random.below(2) == 0 {
        Json::Array(vec![inner])
    } else {
        Json::Object(Map::from_iter([("a".to_owned(), inner)]))
    };
}

fn remove(value: &mut Json, random: &mut Random) {
    match value {
        Json::Array(items) if !items.is_empty() => {
            items.remove(random.below(items.len()));
        }
        Json::Object(fields) => {
            if let Some(name) = any_key(fields, random) {
                fields.remove(&name);
            }
        }
        other => *other = Json::Null,
    }
}

fn any_key(fields: &Map<String, Json>, random: &mut Random) -> Option<String> {
    fields.keys().nth(random.below(fields.len())).cloned()
}

/// An element or a key twice, the key with the same value or another one.
fn repeat(value: &mut Json, random: &mut Random) {
    match value {
        Json::Array(items) if !items.is_empty() && size_of(items) < 2000 => {
            let copy = items[random.below(items.len())].clone();
            items.insert(random.below(items.len() + 1), copy);
        }
        Json::Object(fields) => {
            if let Some(name) = any_key(fields, random) {
                let again = if random.below(2) == 0 {
                    fields[&name].clone()
                } else {
                    leaf(random)
                };
                fields.insert(format!("{AGAIN}{name}"), again);
            }
        }
        other => *other = leaf(random),
    }
}

fn size_of(items: &[Json]) -> usize {
    items.iter().map(size).sum()
}

fn rename(value: &mut Json, random: &mut Random) {
    if let Json::Object(fields) = value
        && let Some(name) = any_key(fields, random)
        && let Some(inner) = fields.remove(&name)
    {
        let new = if random.below(3) == 0 {
            random.pick(&TEXTS)
        } else {
            random.pick(&KEYS)
        };
        fields.insert(new.to_owned(), inner);
    }
}

fn add(value: &mut Json, new: Json, random: &mut Random) {
    let new = if size(&new) < 2000 { new } else { leaf(random) };
    match value {
        Json::Array(items) => items.insert(random.below(items.len() + 1), new),
        Json::Object(fields) => {
            fields.insert(random.pick(&KEYS).to_owned(), new);
        }
        other => *other = new,
    }
}

fn flip(value: &mut Json, random: &mut Random) {
    match value {
        Json::Bool(mark) => *mark = !*mark,
        Json::Array(items) => items.reverse(),
        Json::String(text) => text.push_str(random.pick(&TEXTS)),
        other => *other = leaf(random),
    }
}

/// Marks something of a change as sensitive or unknown, in the shape of its value or nearly so.
fn mark(place: &mut Json, random: &mut Random) {
    let mut bodies = 0;
    each_body(place, &mut |_| bodies += 1);
    let chosen = random.below(bodies);
    let mut position = 0;
    each_body(place, &mut |body| {
        if position == chosen {
            let (side, key) = random.pick(&[
                ("before", "before_sensitive"),
                ("after", "after_sensitive"),
                ("before", "after_sensitive"),
                ("after", "before_sensitive"),
                ("after", "after_unknown"),
            ]);
            let marks = marks_of(body.get(side).unwrap_or(&Json::Null), random);
            body.insert(key.to_owned(), marks);
        }
        position += 1;
    });
}

fn each_body(tree: &mut Json, found: &mut dyn FnMut(&mut Map<String, Json>)) {
    match tree {
        Json::Array(items) => items.iter_mut().for_each(|item| each_body(item, found)),
        Json::Object(fields) => {
            if fields.contains_key("actions") {
                found(fields);
            }
            fields
                .values_mut()
                .for_each(|field| each_body(field, found));
        }
        _ => {}
    }
}

fn marks_of(value: &Json, random: &mut Random) -> Json {
    match random.below(16) {
        0 => return Json::Bool(true),
        1 => return leaf(random),
        _ => {}
    }
    match value {
        Json::Array(items) => items.iter().map(|item| marks_of(item, random)).collect(),
        Json::Object(fields) => fields
            .iter()
            .map(|(name, field)| (name.clone(), marks_of(field, random)))
            .collect(),
        _ => Json::Bool(random.below(4) == 0),
    }
}
