//! The directory as its administrator and its people see it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use ldap3::{Ldap, LdapConnAsync, Mod, Scope, SearchEntry};

use crate::support::slapd::{PEOPLE, ROOT, SUFFIX, Slapd};

/// Each attribute with its values.
pub type Entry = BTreeMap<String, BTreeSet<Vec<u8>>>;

pub fn dn(name: &str) -> String {
    format!("uid={name},{PEOPLE}")
}

pub fn group(name: &str) -> String {
    format!("cn={name},ou=groups,{SUFFIX}")
}

async fn connect(slapd: &Slapd) -> Ldap {
    let (connection, ldap) =
        LdapConnAsync::new(&format!("ldap://127.0.0.1:{}", slapd.port)).await.expect("slapd listens");
    tokio::spawn(connection.drive());
    ldap
}

async fn administrator(slapd: &Slapd) -> Ldap {
    let mut ldap = connect(slapd).await;
    ldap.simple_bind(ROOT.0, ROOT.1).await.expect("slapd answers").success().expect("the password is right");
    ldap
}

/// Whether slapd lets somebody in.
pub async fn signs_in(slapd: &Slapd, name: &str, password: &str) -> bool {
    let answer = connect(slapd).await.simple_bind(&dn(name), password).await.expect("slapd answers");
    assert!(matches!(answer.rc, 0 | 49), "{answer:?}");
    answer.rc == 0
}

/// The whole entry with what only the server writes, and where it is.
pub async fn entry(slapd: &Slapd, dn: &str) -> Entry {
    let mut ldap = administrator(slapd).await;
    let found = ldap.search(dn, Scope::Base, "(objectClass=*)", vec!["*", "+"]).await;
    let (entries, _) = found.expect("slapd answers").success().expect("an administrator may");
    let entry = SearchEntry::construct(entries.into_iter().next().expect("the entry"));
    let text =
        entry.attrs.into_iter().map(|(name, values)| (name, values.into_iter().map(String::into_bytes).collect()));
    let binary = entry.bin_attrs.into_iter().map(|(name, values)| (name, values.into_iter().collect()));
    text.chain(binary).collect()
}

/// The name that never changes.
pub async fn unique(slapd: &Slapd, name: &str) -> String {
    let entry = entry(slapd, &dn(name)).await;
    String::from_utf8(entry["entryUUID"].first().expect("a value").clone()).expect("text")
}

/// Makes somebody a member of a group.
pub async fn put_into(slapd: &Slapd, name: &str, group_name: &str) {
    let person = dn(name);
    let mods = vec![Mod::Add("member", HashSet::from([person.as_str()]))];
    let answer = administrator(slapd).await.modify(&group(group_name), mods).await.expect("slapd answers");
    // 20: is one already.
    assert!(matches!(answer.rc, 0 | 20), "{answer:?}");
}

/// The attributes that differ.
pub fn changed(before: &Entry, after: &Entry) -> BTreeSet<String> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names.into_iter().filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}
