//! Reading: from a name or an id to one entry, and from an entry to its groups. Whatever comes from outside is escaped before it is in a filter (T-J01).

use std::collections::BTreeSet;

use keyward_core::{secret::SecretText, time::Timestamp};
use ldap3::{Scope, SearchEntry, SearchOptions, ldap_escape};

use super::{
    super::{AccountName, ConnectorError, Found, SignIn},
    OpenLdap, answer,
    connection::Fault,
    entry::{Entry, is_uuid},
};

/// More hits of one name than this are not looked at: it is more than one in any case.
const MAX_HITS: i32 = 20;
/// Groups within groups within groups, and so on.
const MAX_DEPTH: usize = 16;
/// More groups than this are a mistake somewhere, and a class that is decided by some of them would be wrong.
const MAX_GROUPS: u16 = 1000;

/// A search and what is asked for.
pub(super) struct Query<'a> {
    pub(super) base: &'a str,
    pub(super) scope: Scope,
    pub(super) filter: &'a str,
    pub(super) attributes: &'a [&'a str],
    /// The most hits that are read, whatever the server gives.
    pub(super) limit: i32,
}

/// The hits of a search, and whether there were more than the limit.
pub(super) struct Hits {
    pub(super) entries: Vec<SearchEntry>,
    pub(super) more: bool,
}

/// The groups of a Unix account: those that name it by any of its names, and its primary one, which names nobody (RFC 2307).
fn of_the_system(entry: &Entry) -> String {
    let names: BTreeSet<&String> = entry.uids.iter().chain([&entry.account.name]).collect();
    let mut filter: String =
        names.into_iter().map(|name| format!("(&(objectClass=posixGroup)(memberUid={}))", ldap_escape(name))).collect();
    if let Some(gid) = &entry.gid {
        filter.push_str(&format!("(&(objectClass=posixGroup)(gidNumber={}))", ldap_escape(gid)));
    }
    filter
}

impl OpenLdap {
    /// Searches on the service connection. An entry that is not there is no hit; a referral is an error, for the answer is not whole.
    pub(super) async fn search(&self, query: Query<'_>) -> Result<Hits, Fault> {
        let seconds = i32::try_from(self.settings.timeout.as_secs()).unwrap_or(i32::MAX);
        let query = &query;
        let most = usize::try_from(query.limit).unwrap_or_default();
        let (entries, refers, result) = self
            .ask_twice(|mut ldap| async move {
                let options = SearchOptions::new().sizelimit(query.limit).timelimit(seconds);
                let asked = ldap.with_search_options(options);
                let mut stream =
                    asked.streaming_search(query.base, query.scope, query.filter, query.attributes).await?;
                let (mut entries, mut refers) = (Vec::new(), false);
                while entries.len() <= most
                    && let Some(hit) = stream.next().await?
                {
                    if hit.is_ref() {
                        refers = true;
                    } else {
                        entries.push(SearchEntry::construct(hit));
                    }
                }
                Ok((entries, refers, stream.finish().await))
            })
            .await?;
        if refers || !result.refs.is_empty() {
            return Err(Fault::Refused(answer::in_words(10).to_owned()));
        }
        if entries.len() > most {
            return Ok(Hits { entries, more: true });
        }
        match result.rc {
            answer::SUCCESS => Ok(Hits { entries, more: false }),
            answer::SIZE_LIMIT => Ok(Hits { entries, more: true }),
            answer::NO_SUCH_OBJECT => Ok(Hits { entries: Vec::new(), more: false }),
            answer::BUSY | answer::UNAVAILABLE => Err(Fault::NotSent(answer::in_words(result.rc).to_owned())),
            rc => Err(Fault::Refused(answer::in_words(rc).to_owned())),
        }
    }

    /// Exactly one search. Names of one's own domain are looked up with and without it.
    pub(super) async fn find_one(&self, name: &AccountName, at: Timestamp) -> Result<Found, ConnectorError> {
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
        let groups = self.groups(&one).await;
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
        let mut attributes: Vec<&str> = names.chain([self.settings.mail_attribute.as_str()]).collect();
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
            "uid",
            "gidNumber",
        ]);
        let query =
            Query { base: &self.settings.base_dn, scope: Scope::Subtree, filter, attributes: &attributes, limit };
        self.search(query).await
    }

    /// Every group of an entry, also through other groups. All of them or an error: a class decided by some would be too mild (R30).
    pub(super) async fn groups(&self, entry: &Entry) -> Result<Vec<String>, Fault> {
        let base = self.settings.group_base_dn.as_ref().unwrap_or(&self.settings.base_dn);
        let mut known: BTreeSet<String> = BTreeSet::new();
        let mut names: Vec<String> = Vec::new();
        let mut next = vec![entry.dn.clone()];
        for depth in 0..=MAX_DEPTH {
            let mut filter = if depth == 0 { of_the_system(entry) } else { String::new() };
            for member in next.drain(..) {
                let member = ldap_escape(member);
                filter.push_str(&format!("(member={member})(uniqueMember={member})"));
            }
            let filter = format!("(|{filter})");
            let query =
                Query { base, scope: Scope::Subtree, filter: &filter, attributes: &["1.1"], limit: MAX_GROUPS.into() };
            let hits = self.search(query).await?;
            for hit in hits.entries {
                if known.insert(hit.dn.to_lowercase()) {
                    next.push(hit.dn.clone());
                    names.push(hit.dn);
                }
            }
            if hits.more || names.len() > usize::from(MAX_GROUPS) {
                return Err(Fault::Refused(format!("more than {MAX_GROUPS} groups of one account")));
            }
            if next.is_empty() {
                names.sort_unstable();
                return Ok(names);
            }
        }
        Err(Fault::Refused(format!("groups within groups, more than {MAX_DEPTH} deep")))
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
