//! Arguments that are written down and that a function can never take: OPA's type checker refuses such a call; here it would have no
//! value, and the rule that makes it would find nothing.

use regorus::unstable::{Expr, Ref};

use super::builtins;

/// What each argument must be: `s` a text, `n` a number, `a` an array, `o` an object, `l` an array or set, `c` a collection, `C` a collection
/// or text, `r` a regular expression, `_` anything.
const SIGNATURES: &[(&str, &str)] = &[
    ("abs", "n"),
    ("array.concat", "aa"),
    ("array.reverse", "a"),
    ("array.slice", "ann"),
    ("base64.decode", "s"),
    ("base64.encode", "s"),
    ("ceil", "n"),
    ("concat", "sl"),
    ("contains", "ss"),
    ("count", "C"),
    ("endswith", "ss"),
    ("floor", "n"),
    ("format_int", "nn"),
    ("glob.match", "s_s"),
    ("indexof", "ss"),
    ("json.unmarshal", "s"),
    ("lower", "s"),
    ("max", "l"),
    ("min", "l"),
    ("net.cidr_contains", "ss"),
    ("net.cidr_intersects", "ss"),
    ("numbers.range", "nn"),
    ("object.get", "o__"),
    ("object.keys", "o"),
    ("object.remove", "oc"),
    ("object.union", "oo"),
    ("product", "l"),
    ("re_match", "rs"),
    ("regex.find_all_string_submatch_n", "rsn"),
    ("regex.find_n", "rsn"),
    ("regex.match", "rs"),
    ("regex.replace", "srs"),
    ("regex.split", "rs"),
    ("replace", "sss"),
    ("round", "n"),
    ("semver.compare", "ss"),
    ("sort", "l"),
    ("split", "ss"),
    ("sprintf", "sa"),
    ("startswith", "ss"),
    ("strings.reverse", "s"),
    ("substring", "snn"),
    ("sum", "l"),
    ("time.parse_rfc3339_ns", "s"),
    ("trim", "ss"),
    ("trim_left", "ss"),
    ("trim_prefix", "ss"),
    ("trim_right", "ss"),
    ("trim_space", "s"),
    ("trim_suffix", "ss"),
    ("upper", "s"),
    ("yaml.unmarshal", "s"),
];

/// What a literal is; `None` for what has a value only when it is evaluated.
fn kind(expr: &Expr) -> Option<(char, &'static str)> {
    Some(match expr {
        Expr::String { .. } | Expr::RawString { .. } => ('s', "a text"),
        Expr::Number { .. } => ('n', "a number"),
        Expr::Bool { .. } => ('b', "a boolean"),
        Expr::Null { .. } => ('0', "null"),
        Expr::Array { .. } | Expr::ArrayCompr { .. } => ('a', "an array"),
        Expr::Set { .. } | Expr::SetCompr { .. } => ('t', "a set"),
        Expr::Object { .. } | Expr::ObjectCompr { .. } => ('o', "an object"),
        _ => return None,
    })
}

fn takes(wanted: char) -> (&'static str, &'static str) {
    match wanted {
        's' | 'r' => ("s", "a text"),
        'n' => ("n", "a number"),
        'a' => ("a", "an array, such as [x]"),
        'o' => ("o", "an object"),
        'l' => ("at", "an array or a set"),
        'c' => ("ato", "an array, a set or an object"),
        'C' => ("atos", "an array, a set, an object or a text"),
        _ => ("satonb0", "anything"),
    }
}

/// What is wrong with a call: the end of a sentence that begins with the caller, and whether the call can never have a value in OPA either
/// way, which OPA says before it evaluates anything.
pub(super) fn wrong(name: &str, params: &[Ref<Expr>]) -> Option<(String, bool)> {
    let (_, signature) = SIGNATURES.iter().find(|(known, _)| *known == name)?;
    // The last may be what the result is unified with; other numbers are said elsewhere.
    if params.len() != signature.len() && params.len() != signature.len() + 1 {
        return None;
    }
    for (index, (wanted, param)) in signature.chars().zip(params).enumerate() {
        let Some((found, what)) = kind(param) else {
            continue;
        };
        let (fits, expected) = takes(wanted);
        if !fits.contains(found) {
            return Some((
                format!(
                    "gives {name} {what} as argument {}, and it takes {expected}",
                    index + 1
                ),
                true,
            ));
        }
        if wanted == 'r'
            && let Expr::String { value, .. } | Expr::RawString { value, .. } = param.as_ref()
            && let Ok(pattern) = value.as_string()
            && !builtins::is_pattern(pattern)
        {
            return Some((
                format!(
                    "gives {name} a pattern that is no regular expression of RE2 (which has no lookaround and no backreferences), so it has no value"
                ),
                false,
            ));
        }
    }
    None
}
