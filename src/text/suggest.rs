//! The nearest known word, for a word that is not known.

/// ` (did you mean "x"?)` for the nearest known word, or nothing.
#[must_use]
pub fn suggestion(word: &str, known: &[&str]) -> String {
    known
        .iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= 3 && *distance < word.chars().count())
        .min()
        .map_or_else(String::new, |(_, candidate)| {
            format!(" (did you mean \"{candidate}\"?)")
        })
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut previous = i;
        let mut next = vec![i + 1];
        for (y, above) in b.iter().zip(row.iter().skip(1)) {
            let left = next.last().copied().unwrap_or(i);
            let cost = previous + usize::from(x != *y);
            next.push(cost.min(left + 1).min(above + 1));
            previous = *above;
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}
