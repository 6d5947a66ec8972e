//! Reading: from a name or an id to one entry, and from an entry to an [`Account`]. Whatever comes from outside is escaped before it is in a filter (T-J01).

use std::collections::BTreeSet;

use jiff::civil;
use keyward_core::{
    secret::SecretText,
    time::{DAY_MS, SECOND_MS, Timestamp},
};
use ldap3::{Scope, SearchEntry, SearchOptions, ldap_escape};

use super::{
    super::{Account, AccountName, ConnectorError, Found, Lock, Owner, SignIn},
    OpenLdap, answer,
    connection::Fault,
};

/// `pwdAccountLockedTime` of an account that somebody has switched off; any other value is a lock.
pub(super) const PERMANENT: &str = "000001010000Z";
/// More hits of one name than this are not looked at: it is more than one in any case.
const MAX_HITS: i32 = 20;
/// Groups within groups within groups, and so on.
const MAX_DEPTH: usize = 16;
/// More groups than this are a mistake somewhere, and a class that is decided by some of them would be wrong.
const MAX_GROUPS: usize = 1000;

/// An account with what only this connector needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Where it is now. Names change, so this is read anew each time.
    pub(super) dn: String,
    /// The account, without groups.
    pub(super) account: Account,
    /// Moves with every write.
    pub(super) csn: Option<String>,
    /// Wrong passwords until a lock. None: nobody said.
    pub(super) max_failure: Option<u32>,
    names: Vec<String>,
}

/// A search and what is asked for.
pub(super) struct Query<'a> {
    pub(super) base: &'a str,
    pub(super) scope: Scope,
    pub(super) filter: &'a str,
    pub(super) attributes: &'a [&'a str],
    /// 0: as many as the server gives.
    pub(super) limit: i32,
}

/// The hits of a search, and whether there were more than the limit.
pub(super) struct Hits {
    pub(super) entries: Vec<SearchEntry>,
    pub(super) more: bool,
}

/// The rules for an account that are in its policy.
#[derive(Debug, Clone, Copy, Default)]
struct LockRules {
    duration_s: Option<i64>,
    max_failure: Option<u32>,
}

impl OpenLdap {
    /// Searches on the service connection. An entry that is not there is no hit; a referral is an error, for the answer is not whole.
    pub(super) async fn search(&self, query: Query<'_>) -> Result<Hits, Fault> {
        let seconds = i32::try_from(self.settings.timeout.as_secs()).unwrap_or(i32::MAX);
        let query = &query;
        let (entries, result) = self
            .ask_twice(|mut ldap| async move {
                let options = SearchOptions::new()
                    .sizelimit(query.limit)
                    .timelimit(seconds);
                let found = ldap
                    .with_search_options(options)
                    .search(query.base, query.scope, query.filter, query.attributes)
                    .await?;
                let entries: Vec<SearchEntry> =
                    found.0.into_iter().map(SearchEntry::construct).collect();
                Ok((entries, found.1))
            })
            .await?;
        if !result.refs.is_empty() {
            return Err(Fault::Refused(answer::in_words(10).to_owned()));
        }
        match result.rc {
            answer::SUCCESS => Ok(Hits {
                entries,
                more: false,
            }),
            answer::SIZE_LIMIT if query.limit > 0 => Ok(Hits {
                entries,
                more: true,
            }),
            answer::NO_SUCH_OBJECT => Ok(Hits {
                entries: Vec::new(),
                more: false,
            }),
            answer::BUSY | answer::UNAVAILABLE => {
                Err(Fault::NotSent(answer::in_words(result.rc).to_owned()))
            }
            rc => Err(Fault::Refused(answer::in_words(rc).to_owned())),
        }
    }

    /// Exactly one search. Names of one's own domain are looked up with and without it.
    pub(super) async fn find_one(
        &self,
        name: &AccountName,
        at: Timestamp,
    ) -> Result<Found, ConnectorError> {
        let local = name.within(&self.domains);
        let filter = self.name_filter(name, local.as_ref());
        let hits = self.accounts(&filter, MAX_HITS).await;
        let hits = hits.map_err(|fault| self.error(fault))?;
        if hits.more {
            return Ok(Found::Several);
        }
        let mut found = Vec::new();
        for hit in hits.entries {
            let entry = self.understand(hit, at).await;
            let Some(entry) = entry.map_err(|fault| self.error(fault))? else {
                continue;
            };
            let main = entry.account.name.clone();
            let same = entry.names.iter().any(|stored| name.is(stored));
            if same || local.as_ref().is_some_and(|local| local.is(&main)) {
                found.push(entry);
            }
        }
        let mut found = found.into_iter();
        let mut one = match (found.next(), found.next()) {
            (None, _) => return Ok(Found::None),
            (Some(_), Some(_)) => return Ok(Found::Several),
            (Some(one), None) => one,
        };
        let groups = self.groups(&one.dn, &one.account.name).await;
        one.account.groups = groups.map_err(|fault| self.error(fault))?;
        Ok(Found::One(Box::new(one.account)))
    }

    fn name_filter(&self, name: &AccountName, local: Option<&AccountName>) -> String {
        let mut filter = String::new();
        let attributes = self.settings.name_attributes.iter();
        let mut attributes: Vec<&str> = attributes.map(String::as_str).collect();
        if !attributes.contains(&self.settings.mail_attribute.as_str()) {
            attributes.push(&self.settings.mail_attribute);
        }
        let escaped = ldap_escape(name.as_str());
        for attribute in &attributes {
            filter.push_str(&format!("({attribute}={escaped})"));
        }
        if let (Some(local), Some(main)) = (local, attributes.first()) {
            filter.push_str(&format!("({main}={})", ldap_escape(local.as_str())));
        }
        format!("(&{}(|{filter}))", self.settings.account_filter)
    }

    /// The entry with this id, or None. `entryUUID` never moves to another entry, a DN does (R40).
    pub(super) async fn entry(&self, id: &str, at: Timestamp) -> Result<Option<Entry>, Fault> {
        if !is_uuid(id) {
            return Ok(None);
        }
        let filter = format!("(&{}(entryUUID={id}))", self.settings.account_filter);
        let hits = self.accounts(&filter, 2).await?;
        let mut entries = hits.entries.into_iter();
        match (entries.next(), entries.next(), hits.more) {
            (None, ..) => Ok(None),
            (Some(hit), None, false) => self.understand(hit, at).await,
            _ => Err(Fault::Refused("two entries have one id".to_owned())),
        }
    }

    /// Accounts below the base, with all that an [`Entry`] is made of.
    pub(super) async fn accounts(&self, filter: &str, limit: i32) -> Result<Hits, Fault> {
        let names = self.settings.name_attributes.iter().map(String::as_str);
        let mut attributes: Vec<&str> = names
            .chain([self.settings.mail_attribute.as_str()])
            .collect();
        attributes.extend([
            "objectClass",
            "entryUUID",
            "entryCSN",
            "displayName",
            "cn",
            "preferredLanguage",
            "pwdAccountLockedTime",
            "pwdReset",
            "pwdChangedTime",
            "pwdPolicySubentry",
            "pwdStartTime",
            "pwdEndTime",
            "shadowExpire",
        ]);
        let query = Query {
            base: &self.settings.base_dn,
            scope: Scope::Subtree,
            filter,
            attributes: &attributes,
            limit,
        };
        self.search(query).await
    }

    /// None for an entry without an id or a name: it can not be held on to.
    async fn understand(&self, hit: SearchEntry, at: Timestamp) -> Result<Option<Entry>, Fault> {
        let policy = first(&hit, "pwdPolicySubentry").map(str::to_owned);
        let rules = match policy
            .as_deref()
            .or(self.settings.default_policy_dn.as_deref())
        {
            Some(dn) => self.lock_rules(dn).await?,
            None => LockRules::default(),
        };
        let Some(main) = self.settings.name_attributes.first() else {
            return Ok(None);
        };
        let (Some(id), Some(name)) = (first(&hit, "entryUUID"), first(&hit, main)) else {
            return Ok(None);
        };
        let mails = all(&hit, &self.settings.mail_attribute);
        let names = self
            .settings
            .name_attributes
            .iter()
            .flat_map(|attribute| all(&hit, attribute));
        let account = Account {
            id: id.to_owned(),
            name: name.to_owned(),
            display_name: first(&hit, "displayName")
                .or_else(|| first(&hit, "cn"))
                .unwrap_or(name)
                .to_owned(),
            groups: Vec::new(),
            disabled: is_disabled(&hit, at),
            lock: lock(&hit, rules, at),
            must_change: first(&hit, "pwdReset")
                .is_some_and(|value| value.eq_ignore_ascii_case("TRUE")),
            changed_at: first(&hit, "pwdChangedTime").and_then(generalized_time),
            language: first(&hit, "preferredLanguage").map(str::to_owned),
            owner: owner(&hit),
            mails: mails.clone(),
        };
        Ok(Some(Entry {
            names: names.chain(mails).collect(),
            account,
            csn: first(&hit, "entryCSN").map(str::to_owned),
            max_failure: rules.max_failure,
            dn: hit.dn,
        }))
    }

    async fn lock_rules(&self, dn: &str) -> Result<LockRules, Fault> {
        let query = Query {
            base: dn,
            scope: Scope::Base,
            filter: "(objectClass=*)",
            attributes: &["pwdLockout", "pwdLockoutDuration", "pwdMaxFailure"],
            limit: 1,
        };
        let hits = self.search(query).await?;
        let Some(policy) = hits.entries.first() else {
            return Ok(LockRules::default());
        };
        Ok(LockRules {
            duration_s: first(policy, "pwdLockoutDuration").and_then(|value| value.parse().ok()),
            max_failure: first(policy, "pwdMaxFailure").and_then(|value| value.parse().ok()),
        })
    }

    /// Every group of an entry, also through other groups. All of them or an error: a class decided by some would be too mild (R30).
    pub(super) async fn groups(&self, dn: &str, name: &str) -> Result<Vec<String>, Fault> {
        let base = self
            .settings
            .group_base_dn
            .as_ref()
            .unwrap_or(&self.settings.base_dn);
        let mut known: BTreeSet<String> = BTreeSet::new();
        let mut names: Vec<String> = Vec::new();
        let mut next = vec![dn.to_owned()];
        let member_uid = format!(
            "(&(objectClass=posixGroup)(memberUid={}))",
            ldap_escape(name)
        );
        for depth in 0..=MAX_DEPTH {
            let mut filter = if depth == 0 {
                member_uid.clone()
            } else {
                String::new()
            };
            for member in next.drain(..) {
                let member = ldap_escape(member);
                filter.push_str(&format!("(member={member})(uniqueMember={member})"));
            }
            let filter = format!("(|{filter})");
            let query = Query {
                base,
                scope: Scope::Subtree,
                filter: &filter,
                attributes: &["1.1"],
                limit: 0,
            };
            for hit in self.search(query).await?.entries {
                if known.insert(hit.dn.to_lowercase()) {
                    next.push(hit.dn.clone());
                    names.push(hit.dn);
                }
            }
            if names.len() > MAX_GROUPS {
                return Err(Fault::Refused(format!(
                    "more than {MAX_GROUPS} groups of one account"
                )));
            }
            if next.is_empty() {
                names.sort_unstable();
                return Ok(names);
            }
        }
        Err(Fault::Refused(format!(
            "groups within groups, more than {MAX_DEPTH} deep"
        )))
    }

    /// Tries a password and says what it is, with what the entry itself tells about the account.
    pub(super) async fn sign_in(
        &self,
        id: &str,
        password: &SecretText,
        at: Timestamp,
    ) -> Result<SignIn, ConnectorError> {
        let entry = self.entry(id, at).await;
        let Some(entry) = entry.map_err(|fault| self.error(fault))? else {
            return Ok(SignIn::Wrong);
        };
        // Tried in any case, so that a disabled account answers no faster than others.
        let answer = self.bind_as(&entry.dn, password).await;
        let answer = answer.map_err(|fault| self.error(fault))?;
        Ok(match answer {
            _ if entry.account.disabled => SignIn::Disabled,
            // `ppolicy_use_lockout` may be off; then the entry tells what the server does not say.
            SignIn::Wrong if entry.account.is_locked(at) => SignIn::Locked,
            other => other,
        })
    }
}

/// The first value of an attribute. Names of attributes come back in the server's own spelling.
pub(super) fn first<'a>(entry: &'a SearchEntry, attribute: &str) -> Option<&'a str> {
    let mut attributes = entry.attrs.iter();
    let (_, values) = attributes.find(|(name, _)| name.eq_ignore_ascii_case(attribute))?;
    values.first().map(String::as_str)
}

/// Every value of an attribute, as stored.
pub(super) fn all(entry: &SearchEntry, attribute: &str) -> Vec<String> {
    let mut attributes = entry.attrs.iter();
    let found = attributes.find(|(name, _)| name.eq_ignore_ascii_case(attribute));
    found.map(|(_, values)| values.clone()).unwrap_or_default()
}

/// Switched off for good, not begun yet, or past its end (T-B17).
fn is_disabled(entry: &SearchEntry, at: Timestamp) -> bool {
    let time = |attribute| first(entry, attribute).and_then(generalized_time);
    let permanent = first(entry, "pwdAccountLockedTime").is_some_and(is_permanent);
    let ended = time("pwdEndTime").is_some_and(|end| end <= at);
    let early = time("pwdStartTime").is_some_and(|start| start > at);
    // shadow(5): days since 1970; 0 is not to be used.
    let days = first(entry, "shadowExpire").and_then(|days| days.parse::<i64>().ok());
    let expired = days.is_some_and(|days| days > 0 && days.saturating_mul(DAY_MS) <= at.millis());
    permanent || ended || early || expired
}

/// All values of the year 0 are one: the server compares with [`PERMANENT`], people write it with and without seconds.
fn is_permanent(value: &str) -> bool {
    value.starts_with("00000101")
}

/// The lock after too many wrong passwords, if it still holds.
fn lock(entry: &SearchEntry, rules: LockRules, at: Timestamp) -> Option<Lock> {
    let since = first(entry, "pwdAccountLockedTime").filter(|value| !is_permanent(value))?;
    let end = match (generalized_time(since), rules.duration_s) {
        (Some(since), Some(seconds)) if seconds > 0 => {
            since.plus_ms(seconds.saturating_mul(SECOND_MS))
        }
        _ => return Some(Lock::UntilLifted),
    };
    (at < end).then_some(Lock::Until(end))
}

/// A human has a class of humans and none of machines (R31).
fn owner(entry: &SearchEntry) -> Owner {
    let classes = all(entry, "objectClass");
    let has = |wanted: &str| {
        classes
            .iter()
            .any(|class| class.eq_ignore_ascii_case(wanted))
    };
    if has("person") && !has("applicationProcess") && !has("device") {
        Owner::Person
    } else if ["inetOrgPerson", "organizationalPerson"]
        .iter()
        .any(|class| has(class))
    {
        Owner::Person
    } else {
        Owner::Machine
    }
}

/// RFC 4517 section 3.3.13, in UTC, with or without seconds and fraction: `20261120104204Z`, `20261120104204.236214Z`.
pub(super) fn generalized_time(value: &str) -> Option<Timestamp> {
    let digits = value.strip_suffix('Z')?;
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    if !whole
        .bytes()
        .chain(fraction.bytes())
        .all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    let part = |from: usize, to: usize| whole.get(from..to)?.parse::<i8>().ok();
    let year = whole.get(..4)?.parse::<i16>().ok()?;
    let second = match whole.len() {
        14 => part(12, 14)?,
        12 => 0,
        _ => return None,
    };
    let date = civil::DateTime::new(
        year,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        second,
        0,
    )
    .ok()?;
    let seconds = date
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()?
        .timestamp()
        .as_second();
    let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    Some(Timestamp::from_millis(
        seconds.checked_mul(SECOND_MS)?.checked_add(millis)?,
    ))
}

/// `c42cd0c8-791a-1041-9db1-a778a2e4c8bd`, and nothing that could mean something in a filter.
fn is_uuid(id: &str) -> bool {
    id.len() == 36
        && id.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generalized_time_is_read_to_the_millisecond() {
        for (value, millis) in [
            ("19700101000000Z", Some(0)),
            ("20261120104204Z", Some(1_795_171_324_000)),
            ("20261120104204.236214Z", Some(1_795_171_324_236)),
            ("20261120104204.2Z", Some(1_795_171_324_200)),
            ("202611201042Z", Some(1_795_171_320_000)),
            ("20261320104204Z", None),
            ("20261120104204", None),
            ("20261120104204+0100", None),
            ("2026112010420Z", None),
            ("", None),
            ("Z", None),
            ("２０２６", None),
        ] {
            assert_eq!(
                generalized_time(value).map(Timestamp::millis),
                millis,
                "{value}"
            );
        }
    }

    #[test]
    fn t_b17_switched_off_and_expired_accounts_are_disabled_and_a_lock_is_not() {
        let at = generalized_time("20261120104204Z").unwrap();
        let with = |attribute: &str, value: &str| SearchEntry {
            dn: String::new(),
            attrs: [(attribute.to_owned(), vec![value.to_owned()])].into(),
            bin_attrs: std::collections::HashMap::new(),
        };
        for (attribute, value, disabled) in [
            ("pwdAccountLockedTime", PERMANENT, true),
            ("pwdaccountlockedtime", "00000101000000Z", true),
            ("pwdAccountLockedTime", "20261120104203Z", false),
            ("pwdEndTime", "20261120104204Z", true),
            ("pwdEndTime", "20261120104205Z", false),
            ("pwdStartTime", "20261120104205Z", true),
            ("pwdStartTime", "20261120104204Z", false),
            ("shadowExpire", "1", true),
            ("shadowExpire", "0", false),
            ("shadowExpire", "-1", false),
            ("shadowExpire", "30000", false),
        ] {
            assert_eq!(
                is_disabled(&with(attribute, value), at),
                disabled,
                "{attribute} {value}"
            );
        }
        let rules = |duration_s| LockRules {
            duration_s,
            max_failure: None,
        };
        let locked = with("pwdAccountLockedTime", "20261120104200Z");
        assert_eq!(lock(&locked, rules(Some(4)), at), None);
        assert_eq!(
            lock(&locked, rules(Some(5)), at),
            Some(Lock::Until(at.plus_ms(1000)))
        );
        assert_eq!(lock(&locked, rules(Some(0)), at), Some(Lock::UntilLifted));
        assert_eq!(lock(&locked, rules(None), at), Some(Lock::UntilLifted));
        assert_eq!(
            lock(&with("pwdAccountLockedTime", PERMANENT), rules(None), at),
            None
        );
    }

    #[test]
    fn r40_only_an_id_is_looked_up_as_an_id() {
        assert!(is_uuid("c42cd0c8-791a-1041-9db1-a778a2e4c8bd"));
        for id in [
            "",
            "*",
            "c42cd0c8-791a-1041-9db1-a778a2e4c8b*",
            "c42cd0c8-791a-1041-9db1-a778a2e4c8bd)(uid=*",
        ] {
            assert!(!is_uuid(id), "{id}");
        }
    }

    #[test]
    fn r31_accounts_of_software_are_told_from_those_of_people() {
        for (classes, whose) in [
            (
                &["top", "person", "organizationalPerson", "inetOrgPerson"][..],
                Owner::Person,
            ),
            (&["inetOrgPerson"], Owner::Person),
            (&["person", "posixAccount"], Owner::Person),
            (
                &["applicationProcess", "simpleSecurityObject"],
                Owner::Machine,
            ),
            (&["account", "simpleSecurityObject"], Owner::Machine),
            (&["person", "device"], Owner::Machine),
        ] {
            let entry = SearchEntry {
                dn: String::new(),
                attrs: [(
                    "objectClass".to_owned(),
                    classes.iter().map(|c| (*c).to_owned()).collect(),
                )]
                .into(),
                bin_attrs: std::collections::HashMap::new(),
            };
            assert_eq!(owner(&entry), whose, "{classes:?}");
        }
    }
}
