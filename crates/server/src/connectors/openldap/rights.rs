//! What the bind account may do, asked without changing anything.
//!
//! A write that can not succeed tells by *how* it fails: taking away a value that is not there, or adding one that is, fails with "no such value"
//! or "exists" for those who may write and with "insufficient access" for the others. To find a manager of passwords, one character is sent as a new
//! password under a condition that never holds: the policy refuses it for its length, or, where policy does not bind the account, the condition fails.

use std::collections::HashSet;

use ldap3::{
    LdapResult, Mod, SearchEntry,
    controls::{Assertion, MakeCritical, RawControl},
};

use super::{
    OpenLdap, answer,
    connection::Fault,
    entry::{all, first},
    ppolicy::{self, PolicyError},
    probe::number,
    search::Query,
};

/// One thing that the bind account may or may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    ReadAccounts,
    ReadGroups,
    ReadHashes,
    SetPassword,
    RequireChange,
    Unlock,
    BypassPolicy,
    WriteMail,
    WriteName,
    WritePolicy,
    WriteGroups,
    WriteClasses,
}

/// The answers. A right that is not in here was not found out.
#[derive(Debug, Default)]
pub(super) struct Rights(Vec<(Right, bool)>);

impl Rights {
    pub(super) fn may(&self, right: Right) -> Option<bool> {
        self.0.iter().find(|(known, _)| *known == right).map(|(_, may)| *may)
    }
    fn learn(&mut self, right: Right, may: Option<bool>) {
        self.0.extend(may.map(|may| (right, may)));
    }
}

/// Nobody's password: slapd compares what is to be taken away with the hash.
const NO_PASSWORD: &str = "keyward probe, not a password: 5b1e8d0c47a94c0e8f62";
/// A value that no attribute has, in the syntax of each.
const NOBODY: &str = "cn=keyward-probe,dc=invalid";

impl OpenLdap {
    /// Asks everything, about the first account and the first group that are seen.
    pub(super) async fn rights(&self, policy: Option<&SearchEntry>, has_condition: bool) -> Result<Rights, Fault> {
        let mut rights = Rights::default();
        let mail = self.settings.mail_attribute.as_str();
        let filter = format!("(&{}(objectClass=person)({mail}=*))", self.settings.account_filter);
        let seen = self.accounts(&filter, 1).await?;
        rights.learn(Right::ReadAccounts, Some(!seen.entries.is_empty()));
        self.group_rights(&mut rights).await?;
        let Some(account) = seen.entries.first() else {
            return Ok(rights);
        };
        let dn = account.dn.as_str();
        let hashes = self.one(dn, &["userPassword", "pwdHistory"]).await?;
        let read = hashes.is_some_and(|entry| !entry.attrs.is_empty() || !entry.bin_attrs.is_empty());
        rights.learn(Right::ReadHashes, Some(read));
        let is_false = first(account, "pwdReset").is_some_and(|v| v.eq_ignore_ascii_case("FALSE"));
        let not_there = if is_false { "TRUE" } else { "FALSE" };
        for (right, attribute, absent) in [
            (Right::SetPassword, "userPassword", NO_PASSWORD),
            (Right::RequireChange, "pwdReset", not_there),
            (Right::Unlock, "pwdAccountLockedTime", "19700101000000Z"),
            (Right::WriteMail, mail, "keyward-probe@probe.invalid"),
            (Right::WritePolicy, "pwdPolicySubentry", NOBODY),
        ] {
            rights.learn(right, self.may_take_away(dn, attribute, absent).await?);
        }
        if rights.may(Right::WriteMail) == Some(false) {
            rights.0.retain(|(right, _)| *right != Right::WriteMail);
            rights.learn(Right::WriteMail, self.may_add_again(account, mail).await?);
        }
        if let Some(name) = self.settings.name_attributes.first() {
            rights.learn(Right::WriteName, self.may_add_again(account, name).await?);
        }
        rights.learn(Right::WriteClasses, self.may_add_again(account, "objectClass").await?);
        let tells = number(policy, "pwdCheckQuality") > 0 && number(policy, "pwdMinLength") > 1;
        if has_condition && tells {
            rights.learn(Right::BypassPolicy, self.bypasses_policy(dn).await?);
        }
        Ok(rights)
    }

    async fn group_rights(&self, rights: &mut Rights) -> Result<(), Fault> {
        let query = Query {
            base: self.settings.group_base_dn.as_ref().unwrap_or(&self.settings.base_dn),
            scope: ldap3::Scope::Subtree,
            filter: "(|(member=*)(uniqueMember=*)(memberUid=*))",
            attributes: &["member"],
            limit: 1,
        };
        let seen = self.search(query).await?;
        rights.learn(Right::ReadGroups, Some(!seen.entries.is_empty()));
        if let Some(group) = seen.entries.first()
            && first(group, "member").is_some()
        {
            rights.learn(Right::WriteGroups, self.may_take_away(&group.dn, "member", NOBODY).await?);
        }
        Ok(())
    }

    async fn may_take_away(&self, dn: &str, attribute: &str, absent: &str) -> Result<Option<bool>, Fault> {
        let mods = vec![Mod::Delete(attribute.as_bytes(), HashSet::from([absent.as_bytes()]))];
        Ok(told(&self.fail(dn, mods, Vec::new()).await?))
    }

    async fn may_add_again(&self, entry: &SearchEntry, attribute: &str) -> Result<Option<bool>, Fault> {
        let values = all(entry, attribute);
        let Some(value) = values.first() else {
            return Ok(None);
        };
        let mods = vec![Mod::Add(attribute.as_bytes(), HashSet::from([value.as_bytes()]))];
        Ok(told(&self.fail(&entry.dn, mods, Vec::new()).await?))
    }

    async fn bypasses_policy(&self, dn: &str) -> Result<Option<bool>, Fault> {
        let never: RawControl = Assertion { filter: "(!(objectClass=*))" }.critical().into();
        let mods = vec![Mod::Replace(&b"userPassword"[..], HashSet::from([&b"k"[..]]))];
        let answer = self.fail(dn, mods, vec![never, ppolicy::request()]).await?;
        Ok(match (answer.rc, ppolicy::error_of(&answer)) {
            (answer::ASSERTION_FAILED, _) => Some(true),
            (answer::CONSTRAINT_VIOLATION, Some(PolicyError::TooShort | PolicyError::InsufficientQuality)) => {
                Some(false)
            }
            _ => None,
        })
    }

    /// A Modify that can not succeed.
    async fn fail(&self, dn: &str, mods: Vec<Mod<&[u8]>>, controls: Vec<RawControl>) -> Result<LdapResult, Fault> {
        self.ask_once(|mut ldap| async move {
            if !controls.is_empty() {
                ldap.with_controls(controls);
            }
            ldap.modify(dn, mods).await
        })
        .await
    }
}

/// What a failed write tells. None: it failed for another reason.
const fn told(answer: &LdapResult) -> Option<bool> {
    match answer.rc {
        answer::NO_SUCH_ATTRIBUTE | answer::EXISTS => Some(true),
        answer::INSUFFICIENT_ACCESS => Some(false),
        _ => None,
    }
}
