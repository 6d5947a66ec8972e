//! A security key and the browser that talks to it, by other authors: passkeys that are found by the site alone, with user verification.

use std::sync::{Arc, Mutex};

use passkey::{
    authenticator::{
        Authenticator, CredentialStore, DiscoverabilitySupport, StoreInfo, UiHint, UserCheck, UserValidationMethod,
    },
    client::{Client, DefaultClientData, WebauthnError},
    crypto::AvailableBackend,
    types::{
        Passkey as Held,
        ctap2::{
            Aaguid, Ctap2Error, StatusCode,
            make_credential::{Options, PublicKeyCredentialRpEntity, PublicKeyCredentialUserEntity},
        },
        webauthn::{CredentialCreationOptions, CredentialRequestOptions, PublicKeyCredentialDescriptor},
    },
};
use serde_json::Value;

/// Which product the key is.
pub const AAGUID: [u8; 16] = *b"not-our-product!";

/// What a key keeps: passkeys that are found by the site alone. Clones share it.
#[derive(Clone, Default)]
pub struct Drawer(pub Arc<Mutex<Vec<Held>>>);

/// The finger on the key: whether it is one that the key knows.
struct Finger(bool);

#[async_trait::async_trait]
impl UserValidationMethod for Finger {
    type PasskeyItem = Held;
    async fn check_user<'a>(
        &self,
        hint: UiHint<'a, Held>,
        _presence: bool,
        _verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        if matches!(hint, UiHint::InformExcludedCredentialFound(_)) {
            return Err(Ctap2Error::CredentialExcluded);
        }
        Ok(UserCheck { presence: true, verification: self.0 })
    }
    fn is_presence_enabled(&self) -> bool {
        true
    }
    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

#[async_trait::async_trait]
impl CredentialStore for Drawer {
    type PasskeyItem = Held;
    async fn find_credentials(
        &self,
        ids: Option<&[PublicKeyCredentialDescriptor]>,
        rp_id: &str,
        _user_handle: Option<&[u8]>,
    ) -> Result<Vec<Held>, StatusCode> {
        let listed =
            |held: &Held| ids.is_none_or(|ids| ids.is_empty() || ids.iter().any(|id| id.id == held.credential_id));
        let all = self.0.lock().unwrap();
        let found: Vec<Held> = all.iter().filter(|held| held.rp_id == rp_id && listed(held)).cloned().collect();
        if found.is_empty() { Err(Ctap2Error::NoCredentials.into()) } else { Ok(found) }
    }
    async fn save_credential(
        &mut self,
        held: Held,
        _user: PublicKeyCredentialUserEntity,
        _rp: PublicKeyCredentialRpEntity,
        _options: Options,
    ) -> Result<(), StatusCode> {
        self.0.lock().unwrap().push(held);
        Ok(())
    }
    async fn update_credential(&mut self, held: &Held) -> Result<(), StatusCode> {
        let mut all = self.0.lock().unwrap();
        all.retain(|known| known.credential_id != held.credential_id);
        all.push(held.clone());
        Ok(())
    }
    async fn get_info(&self) -> StoreInfo {
        StoreInfo { discoverability: DiscoverabilitySupport::Full }
    }
}

/// A key on somebody's ring, with the browser it is used in, which checks sites as browsers do. Clones are the same key.
#[derive(Clone, Default)]
pub struct Key {
    pub drawer: Drawer,
    /// The finger is somebody else's.
    pub unverified: bool,
    /// It does not count its signatures, as passkeys that are on several devices do.
    pub uncounted: bool,
}

macro_rules! client {
    ($key:expr) => {{
        let finger = Finger(!$key.unverified);
        let mut key = Authenticator::new(Aaguid::from(AAGUID), $key.drawer.clone(), finger, AvailableBackend);
        key.set_make_credentials_with_signature_counter(!$key.uncounted);
        Client::new(key)
    }};
}

impl Key {
    /// What somebody has who read out all that is in it: it has counted as far, and counts on by itself.
    pub fn copy(&self) -> Self {
        let held = self.drawer.0.lock().unwrap().clone();
        Self { drawer: Drawer(Arc::new(Mutex::new(held))), ..self.clone() }
    }

    /// What the page's script posts after `navigator.credentials.create`, on our own site.
    pub async fn create(&self, options: &str) -> String {
        self.create_at(super::SITE, &wrapped(options)).await.unwrap().to_string()
    }

    /// What it posts after `navigator.credentials.get`, on our own site.
    pub async fn get(&self, options: &str) -> String {
        self.get_at(super::SITE, &wrapped(options)).await.unwrap().to_string()
    }

    /// The first, on any site.
    pub async fn create_at(&self, origin: &str, options: &Value) -> Result<Value, WebauthnError> {
        let options: CredentialCreationOptions = serde_json::from_value(options.clone()).unwrap();
        let made = client!(self).register(&origin.parse().unwrap(), options, DefaultClientData).await?;
        Ok(serde_json::to_value(made).unwrap())
    }

    /// The second, on any site.
    pub async fn get_at(&self, origin: &str, options: &Value) -> Result<Value, WebauthnError> {
        let options: CredentialRequestOptions = serde_json::from_value(options.clone()).unwrap();
        let shown = client!(self).authenticate(&origin.parse().unwrap(), options, DefaultClientData).await?;
        Ok(serde_json::to_value(shown).unwrap())
    }
}

fn wrapped(options: &str) -> Value {
    serde_json::json!({ "publicKey": serde_json::from_str::<Value>(options).unwrap() })
}
