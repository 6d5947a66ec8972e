//! The two changes, and looking at what came of them.
//!
//! A password that its owner chose goes by RFC 3062, always with the new password in it (a generated one is shorter than most policies allow),
//! and is hashed by the server whatever it looks like. A password that must be changed goes by ONE Modify of `userPassword` and `pwdReset`:
//! two steps would leave a moment, or for ever, without the second (R38).
//!
//! slapd removes `pwdAccountLockedTime` with every new password, also the value that means "switched off". So nothing is sent to an account that is
//! switched off (T-B17); the Modify carries that condition itself (RFC 4528), RFC 3062 can not, and there the reading
//! before it has to do: who is switched off between the two is switched on again. `docs/connectors/openldap.md` says so.

use std::collections::HashSet;

use keyward_core::{
    account::{AccountRef, Action},
    secret::SecretText,
    steps::reissue::{Check, CheckKind, CheckResult, Permit},
    time::Timestamp,
};
use ldap3::{
    Ldap, LdapError, LdapResult, Mod,
    controls::{Assertion, MakeCritical, RawControl},
    exop::PasswordModify,
};

use super::{
    super::{Applied, AttemptFacts, NewPassword, NotDone, SignIn, Unknown, check, judge, permits, shown, surely_wrong},
    OpenLdap,
    answer::{self, Written},
    connection::Fault,
    entry::{Entry, PERMANENT},
    ppolicy,
};

impl OpenLdap {
    /// A new password: look, write, look again.
    pub(super) async fn change(&self, permit: Permit, password: NewPassword<'_>) -> Applied {
        let before = match self.may_change(&permit, &password).await {
            Ok(before) => before,
            Err(reason) => return Applied::not_done(reason),
        };
        let answer = if password.must_change {
            self.write_temporary(&before, password.new).await
        } else {
            self.write_chosen(&before, password.new).await
        };
        if let Err(applied) = self.settle(answer, &before, password.at).await {
            return applied;
        }
        let wrong = format!("{} {}", permit.case(), permit.submission().attempt);
        let checks = self.prove(&before, &password, &surely_wrong(&wrong)).await;
        Applied::proven_by(CheckKind::NewOpens, checks)
    }

    /// Everything that is looked at before something is sent.
    async fn may_change(&self, permit: &Permit, password: &NewPassword<'_>) -> Result<Entry, NotDone> {
        permits(permit, &self.settings.name, Action::SetPassword)?;
        let new = password.new.expose();
        if new.is_empty() {
            return Err(NotDone::TooShort);
        }
        if password.must_change && !self.settings.hashes_clear_text {
            return Err(NotDone::Policy);
        }
        // A Modify takes `{SCHEME}…` for a hash and would store it as one (T-J02).
        if password.must_change && new.starts_with('{') {
            return Err(NotDone::Quality);
        }
        let before = self.present(&permit.account().id, password.at).await?;
        if let Some(old) = password.old {
            match self.bind_as(&before.dn, old).await {
                Ok(SignIn::Ok | SignIn::MustChange) => {}
                Ok(SignIn::Wrong | SignIn::Locked | SignIn::Disabled) => {
                    return Err(NotDone::MustSupplyOld);
                }
                Err(_) => return Err(NotDone::Unavailable),
            }
        }
        Ok(before)
    }

    /// The entry of an account that may be changed.
    async fn present(&self, id: &str, at: Timestamp) -> Result<Entry, NotDone> {
        match self.entry(id, at).await {
            Ok(Some(entry)) if entry.account.disabled => Err(NotDone::Disabled),
            Ok(Some(entry)) => Ok(entry),
            Ok(None) => Err(NotDone::NoSuchAccount),
            Err(_) => Err(NotDone::Unavailable),
        }
    }

    async fn write_chosen(&self, entry: &Entry, new: &SecretText) -> Result<LdapResult, Fault> {
        self.ask_once(|mut ldap| async move {
            let request = PasswordModify { user_id: Some(&entry.dn), old_pass: None, new_pass: Some(new.expose()) };
            let answer = ldap.with_controls(vec![ppolicy::request()]).extended(request).await?;
            Ok(answer.1)
        })
        .await
    }

    async fn write_temporary(&self, entry: &Entry, new: &SecretText) -> Result<LdapResult, Fault> {
        let value = |text: &'static str| HashSet::from([text.as_bytes()]);
        let mods: Vec<Mod<&[u8]>> = vec![
            Mod::Replace(b"userPassword", HashSet::from([new.expose().as_bytes()])),
            Mod::Replace(b"pwdReset", value("TRUE")),
        ];
        self.ask_once(|ldap| modify(ldap, entry, mods)).await
    }

    /// Lifts a lock. With it slapd forgets the wrong passwords.
    pub(super) async fn lift(&self, permit: Permit, at: Timestamp) -> Applied {
        if let Err(reason) = permits(&permit, &self.settings.name, Action::Unlock) {
            return Applied::not_done(reason);
        }
        let before = match self.present(&permit.account().id, at).await {
            Ok(before) => before,
            Err(reason) => return Applied::not_done(reason),
        };
        // slapd forgets the wrong passwords with a deletion, and not with a replacement by nothing; but a deletion has to find something.
        let attribute: &[u8] = b"pwdAccountLockedTime";
        let change = if before.has_lock { Mod::Delete } else { Mod::Replace };
        let mods: Vec<Mod<&[u8]>> = vec![change(attribute, HashSet::new())];
        let answer = self.ask_once(|ldap| modify(ldap, &before, mods)).await;
        // Somebody else was faster; the lock is gone, and looking will show it.
        let gone = matches!(&answer, Ok(answer) if answer.rc == answer::NO_SUCH_ATTRIBUTE);
        if !gone && let Err(applied) = self.settle(answer, &before, at).await {
            return applied;
        }
        let mut checks = vec![check(CheckKind::Write, CheckResult::Done)];
        match self.entry(&before.account.id, at).await {
            Ok(Some(after)) => {
                checks.push(check(CheckKind::Unlocked, shown(after.account.lock.is_none())));
                let kept = !after.account.disabled && after.account.changed_at == before.account.changed_at;
                checks.push(check(CheckKind::StateKept, shown(kept)));
            }
            Ok(None) | Err(_) => checks.push(check(CheckKind::Unlocked, CheckResult::Unverified)),
        }
        Applied::proven_by(CheckKind::Unlocked, checks)
    }

    /// Goes on only if the write was accepted.
    async fn settle(&self, answer: Result<LdapResult, Fault>, before: &Entry, at: Timestamp) -> Result<(), Applied> {
        let answer = match answer {
            Ok(answer) => answer,
            Err(Fault::Timeout) => return Err(Applied::unknown(Unknown::Timeout)),
            Err(Fault::Lost) => return Err(Applied::unknown(Unknown::ConnectionLost)),
            Err(Fault::Refused(_)) => return Err(Applied::unknown(Unknown::ServerFault)),
            Err(Fault::NotSent(_) | Fault::Bind(_)) => {
                return Err(Applied::not_done(NotDone::Unavailable));
            }
        };
        match answer::written(&answer, ppolicy::error_of(&answer)) {
            Written::Yes => Ok(()),
            Written::No(reason) => Err(Applied::not_done(reason)),
            Written::Maybe(reason) => Err(Applied::unknown(reason)),
            // Nothing was changed; which half of the condition failed only makes the reason better.
            Written::ConditionFailed => {
                let reason = self.present(&before.account.id, at).await.err();
                Err(Applied::not_done(reason.unwrap_or(NotDone::Changed)))
            }
        }
    }

    /// What can be seen after a new password was accepted. The wrong one is tried before the right one, which clears the count of failures again.
    async fn prove(&self, before: &Entry, password: &NewPassword<'_>, wrong: &SecretText) -> Vec<Check> {
        let mut checks = vec![check(CheckKind::Write, CheckResult::Done)];
        let after = self.entry(&before.account.id, password.at).await.ok().flatten();
        checks.push(check(CheckKind::ReadBack, read_back(before, after.as_ref())));
        // One wrong password would lock an account that allows none.
        let old = match before.max_failure {
            Some(1) => CheckResult::Unsupported,
            _ => match self.bind_as(&before.dn, password.old.unwrap_or(wrong)).await {
                Ok(SignIn::Ok | SignIn::MustChange) => CheckResult::Failed,
                Ok(SignIn::Wrong) => CheckResult::Done,
                Ok(SignIn::Locked | SignIn::Disabled) | Err(_) => CheckResult::Unverified,
            },
        };
        checks.push(check(CheckKind::OldRefused, old));
        let opened = self.bind_as(&before.dn, password.new).await;
        let opens = opened.as_ref().map_or(CheckResult::Unverified, |answer| shown(is_right(*answer)));
        checks.push(check(CheckKind::NewOpens, opens));
        // Read again: trying passwords may have changed something too.
        let last = self.entry(&before.account.id, password.at).await.ok().flatten();
        let seen =
            |holds: &dyn Fn(&Entry) -> bool| last.as_ref().map_or(CheckResult::Unverified, |entry| shown(holds(entry)));
        if password.must_change {
            let asked = matches!(opened, Ok(SignIn::MustChange));
            checks.push(check(CheckKind::MustChange, seen(&|entry| asked && entry.account.must_change)));
        }
        checks.push(check(CheckKind::Unlocked, seen(&|entry| entry.account.lock.is_none())));
        checks.push(check(CheckKind::StateKept, seen(&|entry| !entry.account.disabled)));
        // A connection that was signed in before goes on (R44).
        checks.push(check(CheckKind::SessionsEnded, CheckResult::Unsupported));
        checks
    }

    /// What came of an attempt without an answer. A password is tried only if it may have been set: each wrong try counts against its owner.
    pub(super) async fn look_at(&self, account: &AccountRef, attempt: AttemptFacts<'_>) -> Applied {
        let entry = match self.entry(&account.id, attempt.at).await {
            Ok(Some(entry)) => entry,
            Ok(None) if attempt.is_settled() => return Applied::not_done(NotDone::NoSuchAccount),
            Ok(None) => return Applied::unknown(Unknown::Unsettled),
            Err(Fault::Timeout) => return Applied::unknown(Unknown::Timeout),
            Err(_) => return Applied::unknown(Unknown::ConnectionLost),
        };
        let changed_at = entry.account.changed_at;
        let moved = attempt.has_moved(changed_at, RESOLUTION_MS);
        if attempt.action == Action::Unlock {
            return judge(CheckKind::Unlocked, entry.account.lock.is_none(), moved, &attempt);
        }
        // Times of change have whole seconds, so an equal one tells nothing if it is as young as the attempt; and without the overlay there is none.
        let recent = changed_at.is_none_or(|changed| changed.plus_ms(RESOLUTION_MS) >= attempt.started_at);
        // Where nobody knows what was before, an old time of change says that nothing was set yet: tried once, at the end, and not at each look.
        let other = attempt.changed_before.map_or(attempt.is_settled(), |before| changed_at != Some(before));
        let opens = match attempt.new {
            Some(new) if other || recent => match self.bind_as(&entry.dn, new).await {
                Ok(answer) => is_right(answer),
                Err(Fault::Timeout) => return Applied::unknown(Unknown::Timeout),
                Err(_) => return Applied::unknown(Unknown::ConnectionLost),
            },
            _ => false,
        };
        let mut applied = judge(CheckKind::NewOpens, opens, moved, &attempt);
        if opens {
            applied.checks.push(check(CheckKind::StateKept, shown(!entry.account.disabled)));
            applied.checks.push(check(CheckKind::SessionsEnded, CheckResult::Unsupported));
        }
        applied
    }
}

/// How coarse times of change are, and how far the clock of the server may be off, before they are trusted to tell two changes apart.
const RESOLUTION_MS: i64 = 5 * keyward_core::time::MINUTE_MS;

const fn is_right(answer: SignIn) -> bool {
    matches!(answer, SignIn::Ok | SignIn::MustChange)
}

/// A Modify that changes nothing unless the entry is still the one that was read, and not switched off.
async fn modify(mut ldap: Ldap, entry: &Entry, mods: Vec<Mod<&[u8]>>) -> Result<LdapResult, LdapError> {
    let condition = format!("(&(entryUUID={})(!(pwdAccountLockedTime={PERMANENT})))", entry.account.id);
    let condition: RawControl = Assertion { filter: condition }.critical().into();
    ldap.with_controls(vec![condition, ppolicy::request()]).modify(&entry.dn, mods).await
}

/// Whether the entry shows a change. Times of change have whole seconds, so a second change within one is seen by the number of the write.
fn read_back(before: &Entry, after: Option<&Entry>) -> CheckResult {
    let Some(after) = after else {
        return CheckResult::Unverified;
    };
    if after.dn != before.dn {
        return CheckResult::Failed;
    }
    match (before.account.changed_at, after.account.changed_at) {
        // Nothing keeps the time: there is no policy overlay.
        (_, None) => CheckResult::Unsupported,
        (None, Some(_)) => CheckResult::Done,
        (Some(earlier), Some(later)) => {
            shown(later > earlier || (later == earlier && after.csn.is_some() && after.csn != before.csn))
        }
    }
}
