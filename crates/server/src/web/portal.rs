//! What all pages share: the flow, the site's words, and how cookies are named. Put together in `app.rs`.

use std::{net::IpAddr, sync::Arc};

use super::shell::Site;
use crate::{flow::Flow, i18n::Lang, passwords::NewPasswords};

/// Everything that pages need.
pub struct Portal {
    /// The only road by which a case changes.
    pub flow: Arc<Flow>,
    /// The organization.
    pub site: Arc<Site>,
    /// The language of the site.
    pub language: Lang,
    /// The rules for new passwords.
    pub passwords: Arc<NewPasswords>,
    /// Host and port of the public address: what a request's `Host` has to be (R49).
    pub host: String,
    /// Whether the public address is https, and cookies are for it alone.
    pub secure: bool,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted: Vec<crate::config::addresses::AddressRange>,
    /// Whether everybody may read the log.
    pub log_is_public: bool,
}

/// How a shared portal travels through handlers.
pub type Shared = Arc<Portal>;

impl Portal {
    /// A cookie's full name: with https it can be set by this host alone (RFC 6265bis, `__Host-`).
    pub fn cookie(&self, what: &str) -> String {
        if self.secure { format!("__Host-kw-{what}") } else { format!("kw-{what}") }
    }
    /// Whether a peer may say for whom it forwards.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted.iter().any(|range| range.contains(peer))
    }
}
