//! Keys and prefixes: `owner:name`, split at the first colon.

use crate::ArgumentError;

/// The most UTF-8 bytes of an owner: `DynamoDB`'s partition key less a row's prefix.
pub const MAX_OWNER_BYTES: usize = 2_042;

/// The most UTF-8 bytes of a name: `DynamoDB`'s sort key less a row's prefix.
pub const MAX_NAME_BYTES: usize = 1_019;

/// Returns the key of an owner's record.
///
/// Build keys with it rather than with `format!`: an owner that holds a colon, such as
/// `a:b`, would make a key of the owner `a`.
///
/// * `owner`: whose record it is: 1 to 2,042 UTF-8 bytes without a colon.
/// * `name`: its name there: 1 to 1,019 UTF-8 bytes; colons are allowed.
///
/// # Errors
///
/// A part is empty or too long, or the owner has a colon.
///
/// ```
/// assert_eq!(pannier::key("alice", "task:42")?, "alice:task:42");
///
/// let refused = pannier::key("alice:bob", "42").unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "the owner must not contain a colon: it ends where the name begins"
/// );
/// # Ok::<(), pannier::ArgumentError>(())
/// ```
pub fn key(owner: &str, name: &str) -> Result<String, ArgumentError> {
    check_owner(owner)?;
    check_size("name", name, MAX_NAME_BYTES)?;
    if name.is_empty() {
        return Err(ArgumentError::new("the name must not be empty"));
    }
    Ok(joined(owner, name))
}

/// Returns the prefix of an owner's records whose names start with `name_start`.
///
/// * `owner`: whose records: 1 to 2,042 UTF-8 bytes without a colon.
/// * `name_start`: how their names start: up to 1,019 UTF-8 bytes; empty for all.
///
/// # Errors
///
/// As for [`key`], but `name_start` may be empty.
///
/// ```
/// assert_eq!(pannier::prefix("alice", "task:")?, "alice:task:");
/// assert_eq!(pannier::prefix("alice", "")?, "alice:");
/// # Ok::<(), pannier::ArgumentError>(())
/// ```
pub fn prefix(owner: &str, name_start: &str) -> Result<String, ArgumentError> {
    check_owner(owner)?;
    check_size("name_start", name_start, MAX_NAME_BYTES)?;
    Ok(joined(owner, name_start))
}

fn joined(owner: &str, rest: &str) -> String {
    [owner, ":", rest].concat()
}

fn check_owner(owner: &str) -> Result<(), ArgumentError> {
    check_size("owner", owner, MAX_OWNER_BYTES)?;
    if owner.is_empty() {
        return Err(ArgumentError::new("the owner must not be empty"));
    }
    if owner.contains(':') {
        return Err(ArgumentError::new(
            "the owner must not contain a colon: it ends where the name begins",
        ));
    }
    Ok(())
}

fn check_size(part: &str, text: &str, limit: usize) -> Result<(), ArgumentError> {
    let size = text.len();
    if size > limit {
        return Err(ArgumentError::new(format!(
            "the {part} has {size} UTF-8 bytes, the limit is {limit}"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{MAX_NAME_BYTES, MAX_OWNER_BYTES, key, prefix};

    #[test]
    fn parts_may_have_their_full_length_and_no_more() {
        let owner = "o".repeat(MAX_OWNER_BYTES);
        let name = "n".repeat(MAX_NAME_BYTES);
        assert!(key(&owner, &name).is_ok());
        assert!(prefix(&owner, &name).is_ok());
        let refused = key(&(owner.clone() + "o"), &name).unwrap_err().to_string();
        assert_eq!(refused, "the owner has 2043 UTF-8 bytes, the limit is 2042");
        let refused = key(&owner, &(name + "n")).unwrap_err().to_string();
        assert_eq!(refused, "the name has 1020 UTF-8 bytes, the limit is 1019");
    }

    #[test]
    fn sizes_count_bytes_not_characters() {
        let owner = "é".repeat(MAX_OWNER_BYTES / 2 + 1);
        assert!(key(&owner, "x").is_err());
    }

    #[test]
    fn an_empty_part_is_named() {
        for (refused, part) in [(key("", "x"), "owner"), (key("x", ""), "name")] {
            assert!(refused.unwrap_err().to_string().contains(part));
        }
        assert!(prefix("", "x").is_err());
    }
}
