//! The world of the OpenLDAP connector: the connector before a real slapd, and an administrator's hands in that slapd.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use keyward::connectors::{
    Directory, Found, Lock,
    openldap::{OpenLdap, Settings},
};
use keyward_core::{secret::SecretText, time::Timestamp};
use ldap3::{Ldap, LdapConnAsync, Mod, Scope, SearchEntry};

use super::{
    proxy::{Proxy, Wire},
    slapd::{self, DEFAULT_POLICY, PEOPLE, ROOT, SERVICE, SUFFIX, Slapd},
    world::{DirectoryWorld, Expected, Like, Person, WireFault},
};

#[derive(Debug)]
pub struct OpenLdapWorld {
    pub slapd: Arc<Slapd>,
    directory: OpenLdap,
    pub proxy: Proxy,
    pub behind_proxy: OpenLdap,
}

static PEOPLE_MADE: AtomicU32 = AtomicU32::new(0);

impl OpenLdapWorld {
    /// None where slapd is not installed.
    pub fn shared() -> Option<Self> {
        Some(Self::on(slapd::shared()?))
    }
    /// With a server that no other test asks.
    pub fn on_its_own() -> Option<Self> {
        Some(Self::on(slapd::own()?))
    }
    pub fn on(slapd: Arc<Slapd>) -> Self {
        let proxy = Proxy::before(slapd.port);
        // In clear, so that the proxy can see which request it breaks.
        let mut clear = settings(&slapd, SERVICE);
        clear.url = format!("ldap://127.0.0.1:{}", proxy.port);
        clear.clear_on_loopback = true;
        clear.timeout = Duration::from_millis(1000);
        Self {
            directory: OpenLdap::new(settings(&slapd, SERVICE)).expect("the settings work"),
            behind_proxy: OpenLdap::new(clear).expect("the settings work"),
            slapd,
            proxy,
        }
    }
    /// An administrator's connection.
    pub async fn root(&self) -> Ldap {
        self.connect(ROOT.0, ROOT.1).await
    }
    /// A connection of a person.
    pub async fn sign_in(&self, person: &Person) -> Ldap {
        self.connect(&dn(&person.name), &person.password).await
    }
    async fn connect(&self, bind: &str, password: &str) -> Ldap {
        let url = format!("ldap://127.0.0.1:{}", self.slapd.port);
        let (connection, mut ldap) = LdapConnAsync::new(&url).await.expect("slapd listens");
        tokio::spawn(connection.drive());
        let answer = ldap.simple_bind(bind, password).await.expect("slapd answers");
        answer.success().expect("the password is right");
        ldap
    }
    /// Sets one attribute of a person, as an administrator.
    pub async fn set(&self, person: &Person, attribute: &str, value: &str) {
        let mods = vec![Mod::Replace(attribute, HashSet::from([value]))];
        self.root().await.modify(&dn(&person.name), mods).await.expect("slapd answers").success().expect("root may");
    }
    /// Every value of an attribute, as an administrator sees it.
    pub async fn get(&self, person: &Person, attribute: &str) -> Vec<String> {
        let found = self.root().await.search(&dn(&person.name), Scope::Base, "(objectClass=*)", vec![attribute]).await;
        let (entries, _) = found.expect("slapd answers").success().expect("root may");
        let entry = SearchEntry::construct(entries.into_iter().next().expect("the entry"));
        // slapd stores an ARGON2 hash with a byte behind its end that is whatever lay there: now and then that is no text.
        let raw = entry.bin_attrs.into_values().flatten().map(|value| String::from_utf8_lossy(&value).into_owned());
        entry.attrs.into_values().flatten().chain(raw).collect()
    }
    async fn add(&self, dn: &str, attributes: &[(&str, &str)]) {
        let mut together: Vec<(&str, HashSet<&str>)> = Vec::new();
        for (name, value) in attributes {
            match together.iter_mut().find(|(known, _)| known == name) {
                Some((_, values)) => {
                    values.insert(value);
                }
                None => together.push((name, HashSet::from([*value]))),
            }
        }
        self.root().await.add(dn, together).await.expect("slapd answers").success().expect("root may");
    }
}

pub fn dn(name: &str) -> String {
    format!("uid={},{PEOPLE}", ldap3::dn_escape(name))
}

/// The connector by ldaps, as a bind account.
pub fn settings(slapd: &Slapd, (bind, password): (&str, &str)) -> Settings {
    let url = format!("ldaps://127.0.0.1:{}", slapd.tls_port);
    let mut settings =
        Settings::new("corp", &url, (bind, SecretText::new(password.to_owned())), SUFFIX, Some(slapd.ca_file()));
    settings.default_policy_dn = Some(DEFAULT_POLICY.to_owned());
    settings.domains = vec!["CORP".to_owned(), "corp.example".to_owned()];
    settings
}

#[async_trait]
impl DirectoryWorld for OpenLdapWorld {
    fn directory(&self) -> &dyn Directory {
        &self.directory
    }
    fn expected(&self) -> Expected {
        Expected {
            min_length: Some(10),
            keeps_history: true,
            must_change: true,
            lock_after: 5,
            ends_sessions: false,
            has_domains: true,
            bound_as: SERVICE.0,
            findings: &[],
        }
    }
    #[allow(clippy::disallowed_methods, reason = "a real server has a real clock")]
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
    }
    async fn person(&self, like: Like<'_>) -> Person {
        let number = PEOPLE_MADE.fetch_add(1, Ordering::Relaxed);
        let name = match like {
            Like::Named(name) => name.to_owned(),
            _ => format!("p{number}.test"),
        };
        let mail = match like {
            Like::WithMail(mail) => mail.to_owned(),
            _ => format!("P{number}.Test@Keyward.test"),
        };
        let password = format!("Start-{number}-secret");
        let person = Person { name: name.clone(), mail: mail.clone(), password: password.clone() };
        let mut attributes =
            vec![("uid", name.as_str()), ("cn", "Test Person"), ("mail", &mail), ("userPassword", &password)];
        match like {
            Like::Machine => attributes.extend([
                ("objectClass", "applicationProcess"),
                ("objectClass", "simpleSecurityObject"),
                ("objectClass", "extensibleObject"),
            ]),
            _ => attributes.extend([("objectClass", "inetOrgPerson"), ("sn", "Person"), ("preferredLanguage", "de")]),
        }
        match like {
            Like::Disabled => attributes.push(("pwdAccountLockedTime", "000001010000Z")),
            Like::MustWait => attributes.push(("pwdPolicySubentry", "cn=young,ou=policies,dc=keyward,dc=test")),
            Like::MustGiveOld => attributes.push(("pwdPolicySubentry", "cn=safe,ou=policies,dc=keyward,dc=test")),
            Like::AnyPassword => attributes.push(("pwdPolicySubentry", "cn=loose,ou=policies,dc=keyward,dc=test")),
            _ => {}
        }
        // Some of these are not for everybody to write; an administrator adds them to the entry that is there.
        let (later, now): (Vec<_>, Vec<_>) = attributes.into_iter().partition(|(name, _)| name.starts_with("pwd"));
        self.add(&dn(&name), &now).await;
        for (attribute, value) in later {
            self.set(&person, attribute, value).await;
        }
        person
    }
    async fn put_in_nested_groups(&self, person: &Person) -> Vec<String> {
        let tag = &person.name;
        let groups = [format!("cn=inner-{tag},ou=groups,{SUFFIX}"), format!("cn=outer-{tag},ou=groups,{SUFFIX}")];
        let members = [dn(&person.name), groups[0].clone()];
        for (group, member) in groups.iter().zip(&members) {
            self.add(group, &[("objectClass", "groupOfNames"), ("member", member)]).await;
        }
        // A ring of groups must not keep anybody busy.
        let ring = vec![Mod::Add("member", HashSet::from([groups[1].as_str()]))];
        self.root().await.modify(&groups[0], ring).await.expect("slapd answers").success().expect("root may");
        groups.to_vec()
    }
    async fn disable(&self, person: &Person) {
        self.set(person, "pwdAccountLockedTime", "000001010000Z").await;
    }
    async fn is_disabled(&self, person: &Person) -> bool {
        self.get(person, "pwdAccountLockedTime").await == ["000001010000Z"]
    }
    fn through(&self, fault: WireFault, must_change: bool) -> Option<&dyn Directory> {
        let wire = match fault {
            WireFault::Whole => Wire::Whole,
            WireFault::AppliedThenLost => Wire::LosesAnswer,
            WireFault::AppliedThenSilent => Wire::SwallowsAnswer,
            WireFault::LostBefore => Wire::LosesRequest,
            WireFault::SilentBefore => Wire::SwallowsRequest,
            WireFault::Lies => Wire::Lies,
            WireFault::Down => Wire::Refuses,
        };
        // RFC 3062, or the value of pwdReset.
        self.proxy.arm(wire, if must_change { "TRUE" } else { "1.3.6.1.4.1.4203.1.11.1" });
        Some(&self.behind_proxy)
    }
}

/// The account of a person.
pub async fn account(directory: &dyn Directory, person: &Person, at: Timestamp) -> keyward::connectors::Account {
    let name = keyward::connectors::AccountName::parse(&person.name).expect("a name");
    match directory.find(&name, at).await.expect("the directory answers") {
        Found::One(account) => *account,
        other => panic!("{}: {other:?}", person.name),
    }
}

/// Whether a lock ends by itself.
pub fn ends(lock: Option<Lock>) -> bool {
    matches!(lock, Some(Lock::Until(_)))
}
