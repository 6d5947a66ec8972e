//! What the server is and what the bind account may do there. Nothing is changed; the questions about rights are in [`super::rights`].

use ldap3::{
    Scope, SearchEntry,
    exop::{WhoAmI, WhoAmIResp},
};

use super::{
    super::{Abilities, Capabilities, ConnectorError, Fact, Finding, Protection, Severity},
    KIND, OpenLdap,
    connection::Fault,
    entry::{all, first},
    ppolicy,
    rights::{Right, Rights},
    search::Query,
};

/// RFC 3062.
const PASSWORD_MODIFY: &str = "1.3.6.1.4.1.4203.1.11.1";
/// RFC 4528.
const ASSERTION: &str = "1.3.6.1.1.12";
/// What a policy says, as far as it matters here.
const POLICY_ATTRIBUTES: [&str; 10] = [
    "pwdMinLength",
    "pwdCheckQuality",
    "pwdInHistory",
    "pwdMinAge",
    "pwdMaxAge",
    "pwdLockout",
    "pwdMaxFailure",
    "pwdLockoutDuration",
    "pwdMustChange",
    "pwdSafeModify",
];

/// What the server is, as far as it matters here.
#[derive(Debug, Clone, Copy)]
struct About {
    has_policy: bool,
    has_condition: bool,
    has_exop: bool,
    hashes: bool,
}

impl About {
    /// Whether a write can be bound to a condition, and there is a policy to speak of.
    const fn conditional(self) -> bool {
        self.has_policy && self.has_condition
    }
}

/// The report while it is written.
struct Report {
    facts: Vec<Fact>,
    findings: Vec<Finding>,
}

impl Report {
    fn fact(&mut self, name: &str, value: &str) {
        self.facts.push(Fact { name: name.to_owned(), value: value.to_owned() });
    }
    fn find(&mut self, severity: Severity, code: &str, because: &str) {
        self.findings.push(Finding { severity, code: code.to_owned(), because: because.to_owned() });
    }
}

impl OpenLdap {
    pub(super) async fn probe_all(&self) -> Result<Capabilities, ConnectorError> {
        self.probed().await.map_err(|fault| self.error(fault))
    }

    async fn probed(&self) -> Result<Capabilities, Fault> {
        let mut report = Report { facts: Vec::new(), findings: Vec::new() };
        let bound_as = self.who_am_i().await?;
        let server = self.about_server(&mut report).await?;
        let policy = match &self.settings.default_policy_dn {
            Some(dn) => self.one(dn, &POLICY_ATTRIBUTES).await?,
            None => None,
        };
        read_policy(&mut report, policy.as_ref(), server.has_policy);
        let rights = self.rights(policy.as_ref(), server.conditional()).await?;
        read_rights(&mut report, &rights);
        let Report { facts, mut findings } = report;
        findings.sort_by_key(|finding| finding.severity);
        let may = |right: Right| rights.may(right);
        Ok(Capabilities {
            directory: self.settings.name.clone(),
            kind: KIND.word.to_owned(),
            protection: self.server.protection(),
            bound_as,
            abilities: Abilities {
                set_password: may(Right::SetPassword).map(|may| may && server.has_exop),
                must_change: may(Right::RequireChange).map(|may| may && server.conditional() && server.hashes),
                unlock: may(Right::Unlock).map(|may| may && server.conditional()),
                reset_unlocks: Some(server.has_policy),
                keeps_history: rights
                    .may(Right::BypassPolicy)
                    .map(|bypass| server.has_policy && !bypass && number(policy.as_ref(), "pwdInHistory") > 0),
                ends_sessions: Some(false),
            },
            facts,
            findings,
        })
    }

    /// What the server says about itself.
    async fn about_server(&self, report: &mut Report) -> Result<About, Fault> {
        let root = self
            .one("", &["vendorName", "vendorVersion", "supportedControl", "supportedExtension", "supportedLDAPVersion"])
            .await?;
        let supports = |attribute: &str, oid: &str| {
            root.as_ref().is_some_and(|root| all(root, attribute).iter().any(|value| value == oid))
        };
        let has_policy = supports("supportedControl", ppolicy::OID);
        let has_condition = supports("supportedControl", ASSERTION);
        let has_exop = supports("supportedExtension", PASSWORD_MODIFY);
        for (name, value) in
            [("ppolicy", has_policy), ("assertion_control", has_condition), ("password_modify", has_exop)]
        {
            report.fact(name, if value { "yes" } else { "no" });
        }
        if !has_exop {
            report.find(Severity::Refuse, "no_password_modify", "The server does not know RFC 3062, by which a password is set. slapd has it built in; a proxy in between may not.");
        }
        if !has_policy {
            report.find(Severity::Warn, "no_password_policy", "The overlay ppolicy is not loaded. There is no lock, no history and no \"must change\", and a temporary password can not be given.");
        } else if !has_condition {
            report.find(Severity::Warn, "no_assertion_control", "The server does not know RFC 4528. A temporary password can not be given, and a lock can not be lifted.");
        }
        let hashes = self.settings.hashes_clear_text;
        if !hashes {
            report.find(Severity::Note, "does_not_hash", "hashes_clear_text is false, so a temporary password can not be given. Set olcPPolicyHashCleartext to TRUE at the server, then hashes_clear_text here.");
        }
        if self.server.protection() == Protection::ClearOnLoopback {
            report.find(
                Severity::Warn,
                "no_tls",
                "Passwords go over this machine's own network without TLS. Use it for tests only.",
            );
        }
        Ok(About { has_policy, has_condition, has_exop, hashes })
    }

    async fn who_am_i(&self) -> Result<String, Fault> {
        // Read where a panic of the library is caught.
        let answer = self.ask_twice(|mut ldap| async move {
            let (answer, result) = {
                let answer = ldap.extended(WhoAmI).await?;
                (answer.0, answer.1)
            };
            Ok((result.rc == 0 && answer.val.is_some()).then(|| answer.parse::<WhoAmIResp>()))
        });
        Ok(match answer.await? {
            Some(who) => who.authzid.strip_prefix("dn:").unwrap_or(&who.authzid).to_owned(),
            None => self.settings.bind_dn.clone(),
        })
    }

    /// One entry by its name.
    pub(super) async fn one(&self, dn: &str, attributes: &[&str]) -> Result<Option<SearchEntry>, Fault> {
        let query = Query { base: dn, scope: Scope::Base, filter: "(objectClass=*)", attributes, limit: 1 };
        Ok(self.search(query).await?.entries.into_iter().next())
    }
}

/// A number of a policy. What is not there is 0, as for slapd.
pub(super) fn number(policy: Option<&SearchEntry>, attribute: &str) -> u32 {
    policy.and_then(|policy| first(policy, attribute)).and_then(|value| value.parse().ok()).unwrap_or(0)
}

fn read_policy(report: &mut Report, policy: Option<&SearchEntry>, has_policy: bool) {
    let Some(policy) = policy else {
        if has_policy {
            report.find(Severity::Note, "policy_not_read", "Keyward does not know the default policy, so it can not tell when a lock ends. Name it as default_policy_dn and let the bind account read it.");
        }
        return;
    };
    for attribute in POLICY_ATTRIBUTES {
        if let Some(value) = first(policy, attribute) {
            report.fact(attribute, value);
        }
    }
    let is = |attribute: &str| first(policy, attribute).is_some_and(|value| value.eq_ignore_ascii_case("TRUE"));
    if is("pwdSafeModify") {
        report.find(Severity::Refuse, "safe_modify", "pwdSafeModify is TRUE: the server wants the old password with each new one, so nothing can be recovered. Set it to FALSE.");
    }
    if !is("pwdLockout") || number(Some(policy), "pwdMaxFailure") == 0 {
        report.find(
            Severity::Warn,
            "no_lockout",
            "Wrong passwords are not counted at this server. Set pwdLockout to TRUE and pwdMaxFailure to a number.",
        );
    }
    if number(Some(policy), "pwdMaxFailure") == 1 {
        report.find(
            Severity::Note,
            "locks_at_once",
            "One wrong password locks an account, so Keyward can not prove that the old one is refused.",
        );
    }
    if number(Some(policy), "pwdMinAge") > 0 {
        report.find(
            Severity::Note,
            "min_age",
            "pwdMinAge also holds for resets: a person who was helped can not be helped again before it has passed.",
        );
    }
}

/// A right, the answer that should be different, and what it means.
type Line = (Right, bool, Severity, &'static str, &'static str);

const LINES: [Line; 12] = {
    use Severity::{Note, Refuse, Warn};
    [
        (Right::ReadAccounts, false, Refuse, "no_accounts", "The bind account sees no account below base_dn."),
        (
            Right::SetPassword,
            false,
            Refuse,
            "can_not_set_password",
            "The bind account may not set passwords. Give it =wx on userPassword.",
        ),
        (
            Right::RequireChange,
            false,
            Note,
            "can_not_require_change",
            "The bind account may not write pwdReset, so a temporary password can not be given.",
        ),
        (
            Right::Unlock,
            false,
            Note,
            "can_not_unlock",
            "The bind account may not write pwdAccountLockedTime, so a lock can be lifted only by a new password.",
        ),
        (
            Right::ReadGroups,
            false,
            Warn,
            "no_groups",
            "The bind account sees no group. Accounts that are sorted into classes by group are taken for the strictest.",
        ),
        (
            Right::BypassPolicy,
            true,
            Warn,
            "bypasses_policy",
            "The bind account is a manager of passwords: length, quality, history and age do not hold for what it sets. Give it =wx on userPassword and not manage, and never use the rootdn.",
        ),
        (
            Right::ReadHashes,
            true,
            Warn,
            "reads_hashes",
            "The bind account can read password hashes. It needs =wx on userPassword and nothing more.",
        ),
        (
            Right::WriteMail,
            true,
            Warn,
            "writes_mail",
            "The bind account can change mail addresses: who holds it could send every link to themselves.",
        ),
        (
            Right::WriteName,
            true,
            Warn,
            "writes_names",
            "The bind account can change the names by which people are found.",
        ),
        (
            Right::WritePolicy,
            true,
            Warn,
            "writes_policy",
            "The bind account can put an account under another password policy (pwdPolicySubentry).",
        ),
        (
            Right::WriteGroups,
            true,
            Warn,
            "writes_groups",
            "The bind account can change who is in a group, and with it who is an administrator.",
        ),
        (
            Right::WriteClasses,
            true,
            Warn,
            "writes_entries",
            "The bind account can rewrite entries (objectClass). It should only write userPassword, pwdReset and pwdAccountLockedTime.",
        ),
    ]
};

fn read_rights(report: &mut Report, rights: &Rights) {
    for (right, wrong, severity, code, because) in LINES {
        match rights.may(right) {
            Some(may) if may == wrong => report.find(severity, code, because),
            Some(_) => {}
            None => report.fact(&format!("untested_{code}"), "yes"),
        }
    }
}
