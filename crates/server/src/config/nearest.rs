//! The name somebody probably meant (ECO-04).
//!
//! It only suggests; nothing is ever corrected silently.

/// The nearest of these names, if one is near: a third of its letters may differ, at least two.
pub fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&typed.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= (name.chars().count() / 3).max(2).min(name.chars().count() - 1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn eco_04_the_nearest_name_is_near_or_not_given() {
        let names = ["public_url", "listen", "role", "tls_cert_file"];
        for (typed, expected) in [
            ("public_ulr", Some("public_url")),
            ("publicurl", Some("public_url")),
            ("Listen", Some("listen")),
            ("roll", Some("role")),
            ("cert_file", Some("tls_cert_file")),
            ("colour", None),
            ("x", None),
        ] {
            assert_eq!(nearest(typed, names), expected, "{typed}");
        }
    }
}
