//! How many people stand behind records: two names with one key are one person, and so are two keys in one name.

use std::collections::BTreeSet;

/// The people behind valid records.
#[derive(Debug, Default)]
pub(super) struct People(Vec<Person>);

#[derive(Debug, Default)]
struct Person {
    addresses: BTreeSet<String>,
    keys: BTreeSet<String>,
}

impl People {
    /// Takes a record's address and key in.
    pub(super) fn add(&mut self, address: &str, key: Option<&str>) {
        let mut person = Person::default();
        person.addresses.insert(address.to_owned());
        person.keys.extend(key.map(str::to_owned));
        let (same, others) = std::mem::take(&mut self.0).into_iter().partition(|known| {
            known.addresses.contains(address) || key.is_some_and(|key| known.keys.contains(key))
        });
        self.0 = others;
        let same: Vec<Person> = same;
        for known in same {
            person.addresses.extend(known.addresses);
            person.keys.extend(known.keys);
        }
        self.0.push(person);
    }

    /// How many of them have an address that is wanted.
    pub(super) fn count(&self, wanted: impl Fn(&str) -> bool) -> usize {
        self.0
            .iter()
            .filter(|person| person.addresses.iter().any(|address| wanted(address)))
            .count()
    }
}
