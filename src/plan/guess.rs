//! What is taken for a secret without a mark: by the name of a setting, or by how a text looks.

/// Words in names of provider settings.
const WORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "private_key",
    "api_key",
    "apikey",
    "access_key",
    "credential",
    "authorization",
    "app_key",
    "account_key",
    "client_key",
    "shared_key",
    "connection_string",
    "sas_",
    "_sas",
];

/// Last words in names of variables and attributes; stricter, because there a name such as `token_ttl` or `secret_id` is common.
const LAST_WORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "secret_key",
    "token",
    "private_key",
    "api_key",
    "apikey",
    "secret_access_key",
    "client_secret",
    "credentials",
];

/// Whether a setting of a provider is secret by its name.
pub(super) fn is_secret_setting(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    name == "sas" || WORDS.iter().any(|word| name.contains(word))
}

/// Whether a variable, or an attribute of a plan without marks, is secret by its name.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    LAST_WORDS.iter().any(|word| {
        name.strip_suffix(word)
            .is_some_and(|before| before.is_empty() || before.ends_with('_'))
    })
}

/// Whether a text says where a secret is kept rather than being one: a name, a path or an address.
pub(super) fn is_reference(text: &str) -> bool {
    text.starts_with("arn:")
        || text.starts_with('/')
        || text.starts_with("projects/")
        || text.contains("://")
        || is_word(text)
}

/// Whether a text is an identifier or a sentence part without digits, as names of attributes are.
pub(super) fn is_word(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '-' | '.' | ' '))
}

/// Whether the key of a map looks like data and not like a name: it holds an address, many digits, or a long part with letters of both
/// cases and digits.
pub(super) fn is_data(key: &str) -> bool {
    let digits = key.chars().filter(char::is_ascii_digit).count();
    key.chars().count() >= 8
        && (key.contains('@')
            || digits >= 6
            || key.split(|c: char| !c.is_alphanumeric()).any(|part| {
                part.chars().count() >= 10
                    && part.contains(|c: char| c.is_ascii_digit())
                    && part.contains(char::is_lowercase)
                    && part.contains(char::is_uppercase)
            }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_and_their_relatives_are_not() {
        for name in [
            "password",
            "db_password",
            "GITHUB_TOKEN",
            "session-token",
            "client_secret",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "token_ttl",
            "password_length",
            "secret_id",
            "secrets",
            "tokenizer",
            "region",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
        assert!(is_secret_setting("Authorization") && is_secret_setting("sas_token"));
        assert!(!is_secret_setting("region") && !is_secret_setting("disaster_recovery"));
    }

    #[test]
    fn keys_that_are_data_are_told_from_names() {
        for key in ["customer-aB3dE5fGh1", "ada@example.org", "4111111111111111"] {
            assert!(is_data(key), "{key}");
        }
        for key in [
            "ipv6_address_count",
            "sha256_hash",
            "app.kubernetes.io/name",
            "assumeRolePolicy",
            "eu-west-1",
        ] {
            assert!(!is_data(key), "{key}");
        }
        assert!(
            is_reference("arn:aws:x") && is_reference("db-password") && !is_reference("hunter2x")
        );
    }
}
