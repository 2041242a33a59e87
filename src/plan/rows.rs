//! The pass over all elements of the plan: typed rows, canonical digests and the places of secrets, on several threads.
//!
//! Elements (changes, objects of a state, checks) are independent of each other and small, so the work is cut into runs of elements and
//! memory stays near the size of the text.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::value::RawValue;

use super::change::Reader;
use super::document::{Document, Module, Part, Rest, Section, State, repeated};
use super::effect::Hasher;
use super::raw::{RawChange, RawDeferred};
use super::secrets::Suspicion;
use super::{Deferred, PlanError, ResourceChange};
use crate::digest::{Digest, Sink};

/// Elements that one thread takes at once.
const RUN: usize = 256;

/// What the pass gives.
#[derive(Default)]
pub(super) struct Rows<'a> {
    pub(super) changes: Vec<ResourceChange>,
    pub(super) drift: Vec<ResourceChange>,
    pub(super) deferred: Vec<Deferred>,
    /// Digest of each section of the document, in its order.
    pub(super) digests: Vec<Digest>,
    /// Objects of states that may hold secrets.
    pub(super) secret_objects: Vec<&'a RawValue>,
}

/// A run of elements of one section.
struct Run<'d, 'a> {
    section: usize,
    kind: Kind,
    items: &'d [&'a RawValue],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Change,
    Deferred,
    Object,
    Element,
    /// The whole section as one text.
    Whole,
}

/// What one run gives.
#[derive(Default)]
struct Done<'a> {
    digests: Vec<Digest>,
    changes: Vec<ResourceChange>,
    deferred: Vec<Deferred>,
    secret_objects: Vec<&'a RawValue>,
}

/// Reads all elements.
pub(super) fn read<'a>(
    text: &str,
    document: &Document<'a>,
    timestamp: Option<&str>,
    threads: usize,
) -> Result<Rows<'a>, PlanError> {
    let objects: Vec<Vec<&RawValue>> = document.sections.iter().map(objects).collect();
    let runs = runs(document, &objects);
    let done = work(text, document, &runs, timestamp, threads)?;
    let mut rows = Rows::default();
    let mut digests: Vec<Vec<Digest>> = document.sections.iter().map(|_| Vec::new()).collect();
    let named = |run: &Run<'_, '_>| document.sections.get(run.section).map(|s| s.name);
    let of_changes = runs
        .iter()
        .zip(&done)
        .filter(|(run, _)| named(run) == Some("resource_changes"));
    let count = of_changes.map(|(_, done)| done.changes.len()).sum();
    rows.changes.reserve_exact(count);
    for (run, done) in runs.iter().zip(done) {
        if let Some(list) = digests.get_mut(run.section) {
            list.extend(done.digests);
        }
        if named(run) == Some("resource_drift") {
            rows.drift.extend(done.changes);
        } else {
            rows.changes.extend(done.changes);
        }
        rows.deferred.extend(done.deferred);
        rows.secret_objects.extend(done.secret_objects);
    }
    let mut hasher = Hasher::new(timestamp);
    for (section, digests) in document.sections.iter().zip(digests) {
        rows.digests.push(match &section.part {
            Part::List(_) => unordered(digests),
            Part::State(state) => {
                let mut digests = digests.into_iter();
                state_digest(section.name, state, &mut digests, &mut hasher)?
            }
            Part::Other => digests
                .first()
                .copied()
                .unwrap_or_else(|| Digest::of(b"absent")),
        });
    }
    Ok(rows)
}

fn objects<'a>(section: &Section<'a>) -> Vec<&'a RawValue> {
    let mut all = Vec::new();
    if let Part::State(state) = &section.part
        && let Some(module) = &state.root_module
    {
        gather(module, &mut all);
    }
    all
}

/// The objects of a module and of those below it, in the order in which [`module_digest`] asks for them.
fn gather<'a>(module: &Module<'a>, all: &mut Vec<&'a RawValue>) {
    all.extend(module.resources.iter().flatten());
    for child in module.child_modules.iter().flatten() {
        gather(child, all);
    }
}

fn runs<'d, 'a>(document: &'d Document<'a>, objects: &'d [Vec<&'a RawValue>]) -> Vec<Run<'d, 'a>> {
    let mut runs = Vec::new();
    for (index, (section, objects)) in document.sections.iter().zip(objects).enumerate() {
        let (kind, items): (Kind, &[&RawValue]) = match (&section.part, section.name) {
            (Part::List(items), "resource_changes" | "resource_drift") => (Kind::Change, items),
            (Part::List(items), "deferred_changes") => (Kind::Deferred, items),
            (Part::List(items), _) => (Kind::Element, items),
            (Part::State(_), _) => (Kind::Object, objects),
            (Part::Other, _) => {
                runs.push(Run {
                    section: index,
                    kind: Kind::Whole,
                    items: &[],
                });
                continue;
            }
        };
        runs.extend(items.chunks(RUN).map(|items| Run {
            section: index,
            kind,
            items,
        }));
    }
    runs
}

fn work<'a>(
    text: &str,
    document: &Document<'a>,
    runs: &[Run<'_, 'a>],
    timestamp: Option<&str>,
    threads: usize,
) -> Result<Vec<Done<'a>>, PlanError> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(runs.len()));
    let worker = || {
        let mut reader = Reader::new(text);
        let mut hasher = Hasher::new(timestamp);
        let suspicion = Suspicion::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(run) = runs.get(index) else { break };
            let Some(section) = document.sections.get(run.section) else {
                break;
            };
            let done = one(run, section, &mut reader, &mut hasher, &suspicion);
            if let Ok(mut results) = results.lock() {
                results.push((index, done));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.clamp(1, runs.len().max(1)) {
            scope.spawn(worker);
        }
        worker();
    });
    let mut results = results.into_inner().unwrap_or_default();
    if results.len() != runs.len() {
        return Err(PlanError::Shape {
            place: "text".to_owned(),
            problem: "not all of it could be read".to_owned(),
        });
    }
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, done)| done).collect()
}

fn one<'a>(
    run: &Run<'_, 'a>,
    section: &Section<'a>,
    reader: &mut Reader<'_>,
    hasher: &mut Hasher<'_>,
    suspicion: &Suspicion,
) -> Result<Done<'a>, PlanError> {
    let mut done = Done::default();
    let name = section.name;
    if run.kind == Kind::Whole {
        done.digests.push(hasher.section(name, section.text)?);
    }
    for item in run.items {
        match run.kind {
            Kind::Change => {
                let row: RawChange<'_> = super::row(name, item.get())?;
                done.changes.push(ResourceChange::read(reader, item, row));
            }
            Kind::Deferred => {
                let row: RawDeferred<'_> = super::row(name, item.get())?;
                done.deferred.push(Deferred {
                    reason: row.reason.unwrap_or_default().into_owned(),
                    change: ResourceChange::read(reader, item, row.resource_change),
                });
            }
            Kind::Object if suspicion.holds(item.get()) => {
                done.secret_objects.push(item);
            }
            Kind::Object | Kind::Element | Kind::Whole => {}
        }
        done.digests.push(match run.kind {
            Kind::Object => hasher.section(name, item.get())?,
            _ => hasher.element(name, item.get())?,
        });
    }
    Ok(done)
}

/// The digest of a list whose order means nothing.
fn unordered(mut digests: Vec<Digest>) -> Digest {
    digests.sort_unstable();
    let mut sink = Sink::new("set");
    sink.text(&digests.len().to_string());
    for digest in &digests {
        sink.digest(digest);
    }
    sink.finish()
}

fn state_digest(
    name: &str,
    state: &State<'_>,
    objects: &mut impl Iterator<Item = Digest>,
    hasher: &mut Hasher<'_>,
) -> Result<Digest, PlanError> {
    let mut sink = Sink::new("state");
    match state.outputs {
        None => sink.optional(None),
        Some(raw) => sink.digest(&hasher.section(name, raw.get())?),
    }
    match &state.root_module {
        None => sink.optional(None),
        Some(module) => sink.digest(&module_digest(name, module, objects, hasher)?),
    }
    rest_digest(name, &state.rest, &mut sink, hasher)?;
    Ok(sink.finish())
}

fn module_digest(
    name: &str,
    module: &Module<'_>,
    objects: &mut impl Iterator<Item = Digest>,
    hasher: &mut Hasher<'_>,
) -> Result<Digest, PlanError> {
    let mut sink = Sink::new("module");
    rest_digest(name, &module.rest, &mut sink, hasher)?;
    match &module.resources {
        None => sink.optional(None),
        Some(resources) => {
            sink.text(&resources.len().to_string());
            for digest in objects.by_ref().take(resources.len()) {
                sink.digest(&digest);
            }
        }
    }
    match &module.child_modules {
        None => sink.optional(None),
        Some(children) => {
            sink.text(&children.len().to_string());
            for child in children {
                sink.digest(&module_digest(name, child, objects, hasher)?);
            }
        }
    }
    Ok(sink.finish())
}

fn rest_digest(
    name: &str,
    rest: &Rest<'_>,
    sink: &mut Sink,
    hasher: &mut Hasher<'_>,
) -> Result<(), PlanError> {
    let mut fields: Vec<(&str, &RawValue)> = rest
        .iter()
        .map(|(field, raw)| (field.as_str(), *raw))
        .collect();
    fields.sort_by_key(|(field, _)| *field);
    sink.text(&fields.len().to_string());
    if repeated(fields.iter().map(|(field, _)| *field)).is_some() {
        return Err(PlanError::DuplicateKey {
            place: name.to_owned(),
        });
    }
    for (field, raw) in fields {
        sink.text(field);
        sink.digest(&hasher.section(name, raw.get())?);
    }
    Ok(())
}
