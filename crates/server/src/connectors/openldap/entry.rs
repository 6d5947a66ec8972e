//! From an entry of the directory to an [`Account`]: locked, switched off, whose, since when.

use jiff::civil;
use keyward_core::time::{DAY_MS, SECOND_MS, Timestamp};
use ldap3::SearchEntry;

use super::{
    super::{Account, Lock, Owner},
    OpenLdap,
    connection::Fault,
};

/// `pwdAccountLockedTime` of an account that somebody has switched off; any other value is a lock.
pub(super) const PERMANENT: &str = "000001010000Z";

/// An account with what only this connector needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Where it is now. Names change, so this is read anew each time.
    pub(super) dn: String,
    /// The account, without groups.
    pub(super) account: Account,
    /// Moves with every write.
    pub(super) csn: Option<String>,
    /// There is a `pwdAccountLockedTime`, whether it still locks or not.
    pub(super) has_lock: bool,
    /// Wrong passwords until a lock. None: nobody said.
    pub(super) max_failure: Option<u32>,
    /// Everything it can be found by.
    pub(super) names: Vec<String>,
    /// Its names as a Unix account.
    pub(super) uids: Vec<String>,
    /// The number of its primary group as a Unix account.
    pub(super) gid: Option<String>,
}

/// The rules for an account that are in its policy.
#[derive(Debug, Clone, Copy, Default)]
struct LockRules {
    duration_s: Option<i64>,
    max_failure: Option<u32>,
}

impl OpenLdap {
    /// None for an entry without an id or a name: it can not be held on to.
    pub(super) async fn understand(&self, hit: SearchEntry, at: Timestamp) -> Result<Option<Entry>, Fault> {
        let policy = first(&hit, "pwdPolicySubentry").map(str::to_owned);
        let rules = match policy.as_deref().or(self.settings.default_policy_dn.as_deref()) {
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
        let names = self.settings.name_attributes.iter().flat_map(|attribute| all(&hit, attribute));
        let account = Account {
            id: id.to_owned(),
            name: name.to_owned(),
            display_name: first(&hit, "displayName").or_else(|| first(&hit, "cn")).unwrap_or(name).to_owned(),
            groups: Vec::new(),
            disabled: is_disabled(&hit, at),
            lock: lock(&hit, rules, at),
            must_change: first(&hit, "pwdReset").is_some_and(|value| value.eq_ignore_ascii_case("TRUE")),
            changed_at: first(&hit, "pwdChangedTime").and_then(generalized_time),
            language: first(&hit, "preferredLanguage").map(str::to_owned),
            owner: owner(&hit),
            mails: mails.clone(),
        };
        Ok(Some(Entry {
            names: names.chain(mails).collect(),
            account,
            csn: first(&hit, "entryCSN").map(str::to_owned),
            has_lock: first(&hit, "pwdAccountLockedTime").is_some(),
            max_failure: rules.max_failure,
            uids: all(&hit, "uid"),
            gid: first(&hit, "gidNumber").map(str::to_owned),
            dn: hit.dn,
        }))
    }

    async fn lock_rules(&self, dn: &str) -> Result<LockRules, Fault> {
        let policy = self.one(dn, &["pwdLockoutDuration", "pwdMaxFailure"]).await?;
        let value = |attribute| policy.as_ref().and_then(|policy| first(policy, attribute));
        Ok(LockRules {
            duration_s: value("pwdLockoutDuration").and_then(|value| value.parse().ok()),
            max_failure: value("pwdMaxFailure").and_then(|value| value.parse().ok()),
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
        (Some(since), Some(seconds)) if seconds > 0 => since.plus_ms(seconds.saturating_mul(SECOND_MS)),
        _ => return Some(Lock::UntilLifted),
    };
    (at < end).then_some(Lock::Until(end))
}

/// A human has a class of humans and none of machines (R31).
fn owner(entry: &SearchEntry) -> Owner {
    let classes = all(entry, "objectClass");
    let has = |wanted: &str| classes.iter().any(|class| class.eq_ignore_ascii_case(wanted));
    let any = |wanted: &[&str]| wanted.iter().any(|class| has(class));
    let human = any(&["person", "organizationalPerson", "inetOrgPerson"]);
    if human && !any(&["applicationProcess", "device"]) { Owner::Person } else { Owner::Machine }
}

/// RFC 4517 section 3.3.13, in UTC, with or without seconds and fraction: `20261120104204Z`, `20261120104204.236214Z`.
pub(super) fn generalized_time(value: &str) -> Option<Timestamp> {
    let digits = value.strip_suffix('Z')?;
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| whole.get(from..to)?.parse::<i8>().ok();
    let year = whole.get(..4)?.parse::<i16>().ok()?;
    let second = match whole.len() {
        14 => part(12, 14)?,
        12 => 0,
        _ => return None,
    };
    let date = civil::DateTime::new(year, part(4, 6)?, part(6, 8)?, part(8, 10)?, part(10, 12)?, second, 0).ok()?;
    let seconds = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    Some(Timestamp::from_millis(seconds.checked_mul(SECOND_MS)?.checked_add(millis)?))
}

/// `c42cd0c8-791a-1041-9db1-a778a2e4c8bd`, and nothing that could mean something in a filter.
pub(super) fn is_uuid(id: &str) -> bool {
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
            assert_eq!(generalized_time(value).map(Timestamp::millis), millis, "{value}");
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
            assert_eq!(is_disabled(&with(attribute, value), at), disabled, "{attribute} {value}");
        }
        let rules = |duration_s| LockRules { duration_s, max_failure: None };
        let locked = with("pwdAccountLockedTime", "20261120104200Z");
        assert_eq!(lock(&locked, rules(Some(4)), at), None);
        assert_eq!(lock(&locked, rules(Some(5)), at), Some(Lock::Until(at.plus_ms(1000))));
        assert_eq!(lock(&locked, rules(Some(0)), at), Some(Lock::UntilLifted));
        assert_eq!(lock(&locked, rules(None), at), Some(Lock::UntilLifted));
        assert_eq!(lock(&with("pwdAccountLockedTime", PERMANENT), rules(None), at), None);
    }

    #[test]
    fn r40_only_an_id_is_looked_up_as_an_id() {
        assert!(is_uuid("c42cd0c8-791a-1041-9db1-a778a2e4c8bd"));
        for id in ["", "*", "c42cd0c8-791a-1041-9db1-a778a2e4c8b*", "c42cd0c8-791a-1041-9db1-a778a2e4c8bd)(uid=*"] {
            assert!(!is_uuid(id), "{id}");
        }
    }

    #[test]
    fn r31_accounts_of_software_are_told_from_those_of_people() {
        for (classes, whose) in [
            (&["top", "person", "organizationalPerson", "inetOrgPerson"][..], Owner::Person),
            (&["inetOrgPerson"], Owner::Person),
            (&["person", "posixAccount"], Owner::Person),
            (&["applicationProcess", "simpleSecurityObject"], Owner::Machine),
            (&["account", "simpleSecurityObject"], Owner::Machine),
            (&["person", "device"], Owner::Machine),
        ] {
            let entry = SearchEntry {
                dn: String::new(),
                attrs: [("objectClass".to_owned(), classes.iter().map(|c| (*c).to_owned()).collect())].into(),
                bin_attrs: std::collections::HashMap::new(),
            };
            assert_eq!(owner(&entry), whose, "{classes:?}");
        }
    }
}
