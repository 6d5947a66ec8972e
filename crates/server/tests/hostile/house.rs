//! One process with SQLite and a mail server that keeps what it gets; its directory is Keyward's own, or a slapd. How much memory it takes is asked
//! of the system.

use std::{collections::BTreeMap, fs, net::SocketAddr, path::PathBuf};

use tempfile::TempDir;

use crate::{
    browser::{Browser, Page},
    front::Front,
    people::{Inside, Letter, Person, account},
    process::{Call, Process, eventually},
    smtp_sink::Sink,
    stage::{ORGANIZATION, SITE},
    support::slapd::{SERVICE, SUFFIX},
};

/// The password that people forgot.
pub const OLD: &str = "three blue kettles sing";

/// One process and its files.
pub struct House {
    folder: TempDir,
    environment: BTreeMap<String, String>,
    pub sink: Sink,
    process: Option<Process>,
    pub at: SocketAddr,
}

impl House {
    /// With Keyward's own directory.
    pub async fn new() -> Self {
        Self::with(&[], &[]).await
    }
    /// With slapd at a port of this machine.
    pub async fn before_slapd(port: u16) -> Self {
        let url = format!("ldap://127.0.0.1:{port}");
        let args = ["--ldap-url", &url, "--ldap-base-dn", SUFFIX, "--ldap-bind-dn", SERVICE.0];
        Self::with(&args, &[("KEYWARD_DIRECTORY__MAIN__OPENLDAP__TIMEOUT_SECONDS", "1")]).await
    }
    /// With more settings, by the names of the environment.
    pub async fn with(init: &[&str], settings: &[(&str, &str)]) -> Self {
        let mut house = Self::empty(init, settings).await;
        house.start(|call| call);
        house
    }
    /// The same before it is started.
    pub async fn empty(init: &[&str], settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let (file, database) = (at.join("keyward.toml"), format!("sqlite:{}", at.join("data/keyward.db").display()));
        for name in ["data", "output"] {
            fs::create_dir(at.join(name)).unwrap();
        }
        let password = at.join("directory-password");
        write_secret(&password, SERVICE.1);
        let mut args = vec!["config", "init", "--yes", "--public-url", SITE, "--organization", ORGANIZATION];
        args.extend(["--config", file.to_str().unwrap(), "--help-phone", "555 0199", "--database", &database]);
        args.extend(["--mail-host", "127.0.0.1", "--mail-from", "recovery@northwind.test"]);
        if !init.is_empty() {
            args.extend(["--ldap-password-file", password.to_str().unwrap()]);
        }
        args.extend(init);
        Call::new(&args).succeed();
        let sink = Sink::start(None, false).await.unwrap();
        let standard = if init.is_empty() { "staff".to_owned() } else { crate::entry::group("staff") };
        let mut environment = BTreeMap::new();
        for (name, value) in [
            ("KEYWARD_LOG__LAST_CHECKPOINT_FILE", at.join("last-checkpoint").display().to_string()),
            ("KEYWARD_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
            ("KEYWARD_SERVER__TRUSTED_PROXIES", "127.0.0.1".to_owned()),
            ("KEYWARD_CLASSES__STANDARD", standard),
            ("KEYWARD_MAIL__TLS", "none".to_owned()),
            ("KEYWARD_MAIL__PORT", sink.address.port().to_string()),
        ] {
            environment.insert(name.to_owned(), value);
        }
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Self { folder, environment, sink, process: None, at: SocketAddr::from(([127, 0, 0, 1], 0)) }
    }
    /// Starts it, called as somebody says.
    pub fn start(&mut self, how: impl FnOnce(Call) -> Call) {
        let file = self.path("keyward.toml");
        let call = Call::new(&["--config", file.to_str().unwrap(), "serve"]).env(&self.environment);
        let mut process = how(call).start(&self.path("output"));
        self.at = process.address();
        self.process = Some(process);
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    /// What it has written so far.
    pub fn said(&self) -> String {
        self.process.as_ref().expect("it was started").said()
    }
    pub fn browser(&self) -> Browser {
        Front::before(self.at).browser()
    }
    pub async fn inside(&self) -> Inside {
        Inside::of(&self.path("keyward.toml"), &self.environment).await
    }
    /// Somebody of the standard class with a mailbox of their own, an app and a sheet of codes.
    pub async fn somebody(&self, name: &str) -> Person {
        let inside = self.inside().await;
        account(&inside, name, OLD).await;
        let own = format!("{name}@home.test");
        let (seed, codes) = inside.set_up(&format!("id-{name}"), &own).await;
        inside.flow.store.close().await;
        let addresses = [format!("{name}@northwind.test"), own];
        Person { name: name.to_owned(), old: OLD.to_owned(), addresses, codes, seed }
    }
    /// Every message so far.
    pub fn letters(&self) -> Vec<Letter> {
        self.sink.received().iter().map(Letter::read).collect()
    }
    /// How the system calls the process.
    pub fn id(&self) -> u32 {
        self.process.as_ref().expect("it was started").id()
    }
    /// Resident memory of the process in KiB.
    pub fn memory(&self) -> u64 {
        memory_of(self.id())
    }
}

/// Resident memory of a process in KiB.
pub fn memory_of(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).expect("the process lives");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line of memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// A file that only its owner reads.
pub fn write_secret(path: &std::path::Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, format!("{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Types a name.
pub async fn ask(browser: &mut Browser, name: &str) -> Page {
    let find = browser.get("/recover?for=forgot").await;
    browser.fill(&find, &[("name", name)]).await
}

/// From the first page to the field for the new password, with an app and the first printed code.
pub async fn prove(browser: &mut Browser, person: &Person) -> Page {
    let how = ask(browser, &person.name).await;
    let type_app = browser.fill(&how, &[("way", "app")]).await;
    // While the name is being looked up, nothing is counted.
    let how = eventually("the name is looked up", async || {
        let page = browser.fill(&type_app, &[("code", &person.app())]).await;
        page.path.ends_with("/how").then_some(page)
    })
    .await;
    let password = browser.show(&how, "recovery-code", &person.codes[0]).await;
    assert!(password.path.ends_with("/new/password"), "{password:?}");
    password
}

/// Where a sign-in ends.
pub async fn sign_in(browser: &mut Browser, name: &str, password: &str) -> Page {
    let form = browser.get("/sign-in").await;
    let wait = browser.fill(&form, &[("name", name), ("password", password)]).await;
    eventually("the sign-in is answered", async || {
        let page = browser.get(&wait.path).await;
        (page.path != "/sign-in/wait").then_some(page)
    })
    .await
}
