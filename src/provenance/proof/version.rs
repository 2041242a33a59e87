//! Version constraints of module calls, as Terraform reads them.

use std::cmp::Ordering;

/// A version: numbers, and what follows a hyphen.
struct Version<'a> {
    numbers: Vec<u64>,
    prerelease: &'a str,
}

impl<'a> Version<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix('v').unwrap_or(text);
        let text = text.split_once('+').map_or(text, |(version, _)| version);
        let (numbers, prerelease) = text.split_once('-').unwrap_or((text, ""));
        let numbers: Option<Vec<u64>> = numbers.split('.').map(|n| n.parse().ok()).collect();
        let numbers = numbers.filter(|numbers| numbers.len() <= 3)?;
        Some(Self {
            numbers,
            prerelease,
        })
    }

    fn number(&self, place: usize) -> u64 {
        self.numbers.get(place).copied().unwrap_or(0)
    }

    fn order(&self, other: &Self) -> Ordering {
        (0..3)
            .map(|place| self.number(place).cmp(&other.number(place)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

/// Whether a version is one that the constraints allow; none where that cannot be told.
pub(super) fn allows(constraints: &str, version: &str) -> Option<bool> {
    let version = Version::read(version)?;
    let mut all = true;
    for constraint in constraints.split(',') {
        let constraint = constraint.trim();
        let end = constraint
            .find(|c: char| !"=!<>~ ".contains(c))
            .unwrap_or(constraint.len());
        let (operator, text) = constraint.split_at_checked(end)?;
        let operator = operator.trim();
        let bound = Version::read(text)?;
        let order = version.order(&bound);
        // Which of two early versions comes first is not told; only the very same one is allowed.
        if !version.prerelease.is_empty() || !bound.prerelease.is_empty() {
            let same = order.is_eq() && version.prerelease == bound.prerelease;
            match operator {
                "" | "=" => all &= same,
                _ => return None,
            }
            continue;
        }
        all &= match operator {
            "" | "=" => order.is_eq(),
            "!=" => order.is_ne(),
            ">" => order.is_gt(),
            ">=" => order.is_ge(),
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            // All but the last number that is given stay as they are.
            "~>" => {
                let kept = bound.numbers.len().saturating_sub(1);
                order.is_ge() && (0..kept).all(|place| version.number(place) == bound.number(place))
            }
            _ => return None,
        };
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::allows;

    #[test]
    fn constraints_mean_what_terraform_says() {
        for (constraints, version, allowed) in [
            ("1.2.3", "1.2.3", Some(true)),
            ("= 1.2", "1.2.0", Some(true)),
            ("1.2.3", "1.2.4", Some(false)),
            ("!= 1.0.0", "1.0.1", Some(true)),
            (">= 1.0, < 2.0.0", "1.9.9", Some(true)),
            (">= 1.0, < 2.0.0", "2.0.0", Some(false)),
            ("~> 1.2", "1.9.0", Some(true)),
            ("~> 1.2", "2.0.0", Some(false)),
            ("~> 1.2", "1.1.9", Some(false)),
            ("~> 1.2.3", "1.2.9", Some(true)),
            ("~> 1.2.3", "1.3.0", Some(false)),
            ("~> 1", "2.5.0", Some(true)),
            ("~> 2", "1.5.0", Some(false)),
            (">1.0", "1.0.1", Some(true)),
            ("<= 3", "3.0.0", Some(true)),
            ("1.0.0-beta1", "1.0.0-beta1", Some(true)),
            ("1.0.0", "1.0.0-beta1", Some(false)),
            (">= 1.0.0-beta1", "1.0.0", None),
            ("latest", "1.0.0", None),
            ("=> 1.0", "1.0.0", None),
            ("", "1.0.0", None),
            ("1.0", "main", None),
        ] {
            assert_eq!(
                allows(constraints, version),
                allowed,
                "{constraints} {version}"
            );
        }
    }
}
