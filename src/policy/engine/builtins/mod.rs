//! Functions of OPA that the engine lacks, gets wrong, or must not run as it ships them: unbounded or not reproducible.
//!
//! As in OPA, a function that cannot answer is undefined and says why in a note; a function that is refused ends the evaluation, and is
//! named when a policy that calls it is loaded.

mod collections;
mod crypto;
mod glob;
mod legacy;
mod net;
mod patterns;
mod re2;
mod sprintf;
mod text;

use std::cell::RefCell;

pub(super) use patterns::is_pattern;

use anyhow::anyhow;
use regorus::{Engine, Value};

/// Most elements that one call may make.
const MAX_ELEMENTS: u64 = 1_000_000;

/// Longest text that one call may make, in bytes.
const MAX_TEXT: usize = 16 << 20;

/// Why a function gave nothing.
enum Fault {
    /// It cannot answer for these arguments: undefined, as in OPA.
    Undefined(String),
    /// The evaluation must end.
    Fatal(String),
}

type Outcome = Result<Value, Fault>;

/// A function: its name, the number of its arguments, what it does.
type Function = (&'static str, u8, fn(&[Value]) -> Outcome);

fn undefined(why: &str) -> Fault {
    Fault::Undefined(why.to_owned())
}

/// The arguments are of other types than the function takes.
fn types() -> Fault {
    undefined("its arguments are of the wrong types")
}

fn all() -> impl Iterator<Item = &'static Function> {
    [
        text::FUNCTIONS,
        collections::FUNCTIONS,
        patterns::FUNCTIONS,
        glob::FUNCTIONS,
        net::FUNCTIONS,
        crypto::FUNCTIONS,
        legacy::FUNCTIONS,
    ]
    .into_iter()
    .flatten()
}

const REPEATABLE: &str = "a verdict must come out the same each time";
const NETWORK: &str = "policies have no network";
const SIGNATURES: &str = "this program checks no signatures of policies' tokens";
const ABSENT: &str = "this program does not have it";

/// Functions that no policy may call, with the number of their arguments and why.
const REFUSED: &[(&str, u8, &str)] = &[
    ("rand.intn", 2, REPEATABLE),
    ("uuid.rfc4122", 1, REPEATABLE),
    ("http.send", 1, NETWORK),
    ("net.lookup_ip_addr", 1, NETWORK),
    ("providers.aws.sign_req", 3, NETWORK),
    ("opa.runtime", 0, "policies do not see the environment"),
    ("rego.parse_module", 2, ABSENT),
    ("uuid.parse", 1, ABSENT),
    ("json.match_schema", 2, ABSENT),
    ("json.verify_schema", 1, ABSENT),
    ("graphql.is_valid", 2, ABSENT),
    ("graphql.parse", 2, ABSENT),
    ("graphql.parse_and_verify", 2, ABSENT),
    ("graphql.parse_query", 1, ABSENT),
    ("graphql.parse_schema", 1, ABSENT),
    ("graphql.schema_is_valid", 1, ABSENT),
    ("crypto.parse_private_keys", 1, ABSENT),
    ("crypto.x509.parse_and_verify_certificates", 1, ABSENT),
    (
        "crypto.x509.parse_and_verify_certificates_with_options",
        2,
        ABSENT,
    ),
    ("crypto.x509.parse_certificate_request", 1, ABSENT),
    ("crypto.x509.parse_certificates", 1, ABSENT),
    ("crypto.x509.parse_keypair", 2, ABSENT),
    ("crypto.x509.parse_rsa_private_key", 1, ABSENT),
    ("io.jwt.decode_verify", 2, SIGNATURES),
    ("io.jwt.encode_sign", 3, SIGNATURES),
    ("io.jwt.encode_sign_raw", 3, SIGNATURES),
    ("io.jwt.verify_eddsa", 2, SIGNATURES),
    ("io.jwt.verify_es256", 2, SIGNATURES),
    ("io.jwt.verify_es384", 2, SIGNATURES),
    ("io.jwt.verify_es512", 2, SIGNATURES),
    ("io.jwt.verify_hs256", 2, SIGNATURES),
    ("io.jwt.verify_hs384", 2, SIGNATURES),
    ("io.jwt.verify_hs512", 2, SIGNATURES),
    ("io.jwt.verify_ps256", 2, SIGNATURES),
    ("io.jwt.verify_ps384", 2, SIGNATURES),
    ("io.jwt.verify_ps512", 2, SIGNATURES),
    ("io.jwt.verify_rs256", 2, SIGNATURES),
    ("io.jwt.verify_rs384", 2, SIGNATURES),
    ("io.jwt.verify_rs512", 2, SIGNATURES),
];

/// Why no policy may call a function.
pub(super) fn refused(name: &str) -> Option<&'static str> {
    REFUSED
        .iter()
        .find(|(known, ..)| *known == name)
        .map(|(.., why)| *why)
}

/// Whether a function is one of ours.
pub(super) fn is_known(name: &str) -> bool {
    matches!(name, "time.now_ns" | "print") || all().any(|(known, ..)| *known == name)
}

/// Names of the functions that are replaced or added here.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    all().map(|(name, ..)| *name)
}

/// The number of arguments of a function of ours.
pub(super) fn arity(name: &str) -> Option<u8> {
    let own = all().map(|(name, arity, _)| (*name, *arity));
    let refused = REFUSED.iter().map(|(name, arity, _)| (*name, *arity));
    own.chain(refused)
        .find(|(known, _)| *known == name)
        .map(|(_, arity)| arity)
}

thread_local! {
    /// What functions could not answer, since it was last asked for.
    static HIDDEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    /// Why the evaluation must end. The engine drops an error of a function's clause when another clause gives a value.
    static FATAL: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Most notes of one evaluation.
const MAX_NOTES: usize = 20;

/// What functions could not answer, and why the evaluation must end, on this thread since the last call.
pub(super) fn take_faults() -> (Vec<String>, Option<String>) {
    (
        HIDDEN.with(|hidden| std::mem::take(&mut *hidden.borrow_mut())),
        FATAL.with(|fatal| fatal.borrow_mut().take()),
    )
}

fn settle(name: &str, outcome: Outcome) -> anyhow::Result<Value> {
    match outcome {
        Ok(value) => Ok(value),
        Err(Fault::Undefined(why)) => {
            HIDDEN.with(|hidden| {
                let mut hidden = hidden.borrow_mut();
                let note = format!("{name}: {why}");
                if hidden.len() < MAX_NOTES && !hidden.contains(&note) {
                    hidden.push(note);
                }
            });
            Ok(Value::Undefined)
        }
        Err(Fault::Fatal(why)) => {
            let message = format!("{name} is not available: {why}");
            FATAL.with(|fatal| {
                fatal
                    .borrow_mut()
                    .get_or_insert_with(|| message.clone())
                    .len()
            });
            Err(anyhow!(message))
        }
    }
}

/// Puts our versions in front of the engine's. `now` is the one clock of a run, in nanoseconds since 1970.
pub(super) fn install(engine: &mut Engine, now: i64) -> Result<(), String> {
    let add = |result: anyhow::Result<()>| result.map_err(|error| super::first_line(&error));
    for (name, arity, run) in all() {
        add(engine.add_extension(
            (*name).to_owned(),
            *arity,
            Box::new(move |arguments: Vec<Value>| settle(name, run(&arguments))),
        ))?;
    }
    for (name, arity, why) in REFUSED {
        add(engine.add_extension(
            (*name).to_owned(),
            *arity,
            Box::new(move |_: Vec<Value>| settle(name, Err(Fault::Fatal((*why).to_owned())))),
        ))?;
    }
    add(engine.add_extension(
        "time.now_ns".to_owned(),
        0,
        Box::new(move |_: Vec<Value>| Ok(Value::from(now))),
    ))
}

#[cfg(test)]
mod tests;
