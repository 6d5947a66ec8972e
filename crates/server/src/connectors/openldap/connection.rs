//! Connections: TLS, the bind account, deadlines. Everything that goes wrong here is one of five faults, and only one of them says "nothing was sent".

use std::{
    future::Future,
    net::IpAddr,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;
use keyward_core::secret::SecretText;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, LdapResult};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio::sync::Mutex;
use url::{Host, Url};

use super::{
    super::{ConnectorError, Protection, SignIn},
    OpenLdap, Settings, answer,
    ppolicy::{self, PolicyError},
};

/// How much longer a whole answer may take than its first part.
const WHOLE: Duration = Duration::from_secs(1);

/// Why there is no answer, or not the one that was hoped for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// There is no connection; the request was not sent.
    NotSent(String),
    /// No answer in time. The request may have been done.
    Timeout,
    /// The connection ended before the answer. The request may have been done.
    Lost,
    /// The bind account is refused; the request was not sent.
    Bind(String),
    /// The server said no.
    Refused(String),
}

/// The server, and the one connection on which Keyward is the bind account.
pub(super) struct Server {
    url: Url,
    tls: Option<Arc<ClientConfig>>,
    start_tls: bool,
    connect_timeout: Duration,
    timeout: Duration,
    service: Mutex<Service>,
    /// How many tries to make it have failed.
    failures: AtomicU64,
}

/// The connection of the bind account, or why the last try to make one failed.
#[derive(Default)]
struct Service {
    open: Option<Ldap>,
    failed: Option<Fault>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

impl Server {
    pub(super) fn new(settings: &Settings) -> Result<Self, String> {
        let url = Url::parse(&settings.url).map_err(|_| format!("`{}` is not an LDAP URL", settings.url))?;
        let tls = match (url.scheme(), settings.start_tls) {
            ("ldaps", false) | ("ldap", true) => Some(Arc::new(trust(settings)?)),
            ("ldaps", true) => {
                return Err("start_tls is for ldap://, ldaps:// is TLS already".to_owned());
            }
            ("ldap", false) if !is_loopback(&url) => {
                return Err(format!("`{url}` would send passwords without TLS; use ldaps:// or start_tls"));
            }
            ("ldap", false) if !settings.clear_on_loopback => {
                return Err(format!("`{url}` has no TLS; even on this machine that has to be asked for"));
            }
            ("ldap", false) => None,
            _ => return Err(format!("`{url}` is not ldaps:// or ldap://")),
        };
        if url.host_str().is_none_or(str::is_empty) {
            return Err(format!("`{url}` names no host"));
        }
        Ok(Self {
            url,
            tls,
            start_tls: settings.start_tls,
            connect_timeout: settings.connect_timeout,
            timeout: settings.timeout,
            service: Mutex::default(),
            failures: AtomicU64::new(0),
        })
    }

    pub(super) const fn protection(&self) -> Protection {
        match (&self.tls, self.start_tls) {
            (None, _) => Protection::ClearOnLoopback,
            (Some(_), true) => Protection::StartTls,
            (Some(_), false) => Protection::Tls,
        }
    }

    /// A connection on which nobody has signed in.
    pub(super) async fn open(&self) -> Result<Ldap, Fault> {
        let mut settings = LdapConnSettings::new().set_conn_timeout(self.connect_timeout).set_starttls(self.start_tls);
        if let Some(tls) = &self.tls {
            settings = settings.set_config(Arc::clone(tls));
        }
        let opening = LdapConnAsync::from_url_with_settings(settings, &self.url);
        let opened = AssertUnwindSafe(opening).catch_unwind().await;
        let (connection, ldap) = match opened {
            Ok(Ok(pair)) => pair,
            Ok(Err(error)) => return Err(Fault::NotSent(in_words(&error))),
            Err(_) => return Err(Fault::NotSent("the server does not speak LDAP".to_owned())),
        };
        tokio::spawn(AssertUnwindSafe(connection.drive()).catch_unwind());
        Ok(ldap)
    }

    /// One request and its whole answer, in time. `request` gets a handle whose next operation has the deadline; the library begins it anew for each
    /// entry of an answer, so all of it has one too.
    pub(super) async fn ask<T, F>(&self, ldap: &Ldap, request: impl FnOnce(Ldap) -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, LdapError>>,
    {
        let mut handle = ldap.clone();
        handle.with_timeout(self.timeout);
        // The library panics on answers that are not LDAP; a server must not be able to end the worker.
        match tokio::time::timeout(self.timeout + WHOLE, AssertUnwindSafe(request(handle)).catch_unwind()).await {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(error))) => Err(fault(&error)),
            Ok(Err(_)) => Err(Fault::Lost),
            Err(_) => Err(Fault::Timeout),
        }
    }

    /// Signs in as somebody, on a connection of its own that is closed afterwards.
    pub(super) async fn try_password(
        &self,
        dn: &str,
        password: &SecretText,
    ) -> Result<(LdapResult, Option<PolicyError>), Fault> {
        let ldap = self.open().await?;
        let answer = self.bind(&ldap, dn, password).await;
        let mut ended = ldap;
        // Nothing depends on a polite end.
        let _ = ended.unbind().await;
        answer
    }

    async fn bind(
        &self,
        ldap: &Ldap,
        dn: &str,
        password: &SecretText,
    ) -> Result<(LdapResult, Option<PolicyError>), Fault> {
        let answer = self
            .ask(ldap, |mut ldap| async move {
                ldap.with_controls(vec![ppolicy::request()]).simple_bind(dn, password.expose()).await
            })
            .await?;
        let policy = ppolicy::error_of(&answer);
        Ok((answer, policy))
    }
}

impl OpenLdap {
    /// The service connection, made anew if there is none or it has ended. Whoever waits while somebody else tries shares what that comes to: with a
    /// directory that says nothing, many would wait for one deadline after another.
    pub(super) async fn service(&self) -> Result<Ldap, Fault> {
        let failed_before = self.server.failures.load(Ordering::Relaxed);
        let mut service = self.server.service.lock().await;
        if let Some(ldap) = service.open.as_mut()
            && !ldap.is_closed()
        {
            return Ok(ldap.clone());
        }
        if let Some(fault) = &service.failed
            && self.server.failures.load(Ordering::Relaxed) != failed_before
        {
            return Err(fault.clone());
        }
        *service = Service::default();
        match self.signed_in().await {
            Ok(ldap) => {
                service.open = Some(ldap.clone());
                Ok(ldap)
            }
            Err(fault) => {
                service.failed = Some(fault.clone());
                self.server.failures.fetch_add(1, Ordering::Relaxed);
                Err(fault)
            }
        }
    }

    /// A new connection, on which Keyward is the bind account.
    async fn signed_in(&self) -> Result<Ldap, Fault> {
        let ldap = self.server.open().await?;
        let bind = self.server.bind(&ldap, &self.settings.bind_dn, &self.settings.bind_password);
        let (answer, policy) = match bind.await {
            Ok(answer) => answer,
            Err(Fault::Timeout) => {
                return Err(Fault::NotSent("no answer to the sign-in in time".to_owned()));
            }
            Err(Fault::Lost) => {
                return Err(Fault::NotSent("the connection ended during the sign-in".to_owned()));
            }
            Err(other) => return Err(other),
        };
        match (answer.rc, policy) {
            (0, Some(PolicyError::ChangeAfterReset)) => {
                Err(Fault::Bind("the password of the bind account has to be changed".to_owned()))
            }
            (0, _) => Ok(ldap),
            (answer::BUSY | answer::UNAVAILABLE, _) => Err(Fault::NotSent(answer::in_words(answer.rc).to_owned())),
            (rc, _) => Err(Fault::Bind(answer::in_words(rc).to_owned())),
        }
    }

    /// Gives the service connection up: after a deadline nobody knows what is still on it.
    pub(super) async fn drop_service(&self) {
        self.server.service.lock().await.open = None;
    }

    /// A request that changes nothing: on a broken connection it is asked once more on a new one.
    pub(super) async fn ask_twice<T, F>(&self, request: impl Fn(Ldap) -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, LdapError>>,
    {
        let ldap = self.service().await?;
        match self.server.ask(&ldap, &request).await {
            Err(Fault::Lost | Fault::NotSent(_)) => {
                self.drop_service().await;
                let ldap = self.service().await?;
                self.server.ask(&ldap, &request).await
            }
            Err(Fault::Timeout) => {
                self.drop_service().await;
                Err(Fault::Timeout)
            }
            answer => answer,
        }
    }

    /// A request that changes something: asked once.
    pub(super) async fn ask_once<T, F>(&self, request: impl FnOnce(Ldap) -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, LdapError>>,
    {
        let ldap = self.service().await?;
        let answer = self.server.ask(&ldap, request).await;
        if matches!(answer, Err(Fault::Timeout | Fault::Lost | Fault::NotSent(_))) {
            self.drop_service().await;
        }
        answer
    }

    /// Tries a password of `dn`. What the answer does not tell (`ppolicy_use_lockout` may be off) is `Wrong`.
    pub(super) async fn bind_as(&self, dn: &str, password: &SecretText) -> Result<SignIn, Fault> {
        // An empty password is an anonymous sign-in, which every server accepts (RFC 4513 section 5.1.2).
        if password.expose().is_empty() || dn.is_empty() {
            return Ok(SignIn::Wrong);
        }
        let (answer, policy) = self.server.try_password(dn, password).await?;
        if answer.rc == answer::BUSY {
            return Err(Fault::NotSent(answer::in_words(answer.rc).to_owned()));
        }
        answer::sign_in(&answer, policy).map_err(Fault::Refused)
    }

    /// A fault in the words of the caller.
    pub(super) fn error(&self, fault: Fault) -> ConnectorError {
        let directory = self.settings.name.clone();
        match fault {
            Fault::NotSent(what) => ConnectorError::Unavailable { directory, what },
            Fault::Timeout => ConnectorError::NoAnswer { directory, what: "no answer in time".to_owned() },
            Fault::Lost => ConnectorError::NoAnswer { directory, what: "the connection ended".to_owned() },
            Fault::Bind(what) => ConnectorError::Bind { directory, bind: self.settings.bind_dn.clone(), what },
            Fault::Refused(what) => ConnectorError::Refused { directory, what },
        }
    }
}

/// What the library saw. Its own texts are not passed on: some of them hold the request, and the request holds passwords.
fn fault(error: &LdapError) -> Fault {
    match error {
        LdapError::Timeout { .. } => Fault::Timeout,
        // The channel to the connection is closed, so this request never reached it.
        LdapError::OpSend { .. } => Fault::NotSent("the connection has ended".to_owned()),
        LdapError::LdapResult { result } => Fault::Refused(answer::in_words(result.rc).to_owned()),
        LdapError::FilterParsing => Fault::Refused("the search filter does not parse".to_owned()),
        _ => Fault::Lost,
    }
}

fn in_words(error: &LdapError) -> String {
    match error {
        LdapError::Io { source } => source.to_string(),
        LdapError::Timeout { .. } => "no connection in time".to_owned(),
        LdapError::Rustls { source } => source.to_string(),
        LdapError::DNSName { .. } => "the host name can not be in a certificate".to_owned(),
        LdapError::LdapResult { result } => format!("StartTLS: {}", answer::in_words(result.rc)),
        _ => "no connection".to_owned(),
    }
}

fn is_loopback(url: &Url) -> bool {
    // For schemes it does not know, the URL parser keeps an address as a name.
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

/// TLS 1.2 or 1.3 with the certificates of `ca_file`, or of the system. There is no setting that switches checking off.
fn trust(settings: &Settings) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = &settings.ca_file {
        let unread = |why: &dyn std::fmt::Display| format!("reading certificates of `{}`: {why}", path.display());
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| unread(&error))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| unread(&error))?;
            roots.add(certificate).map_err(|error| unread(&error))?;
        }
        if roots.is_empty() {
            return Err(unread(&"there is none"));
        }
    } else {
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            return Err("this system has no list of trusted certificates; name a ca_file".to_owned());
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("setting up TLS: {error}"))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
