//! A device with a passkey, and a browser's checks around it, both by other authors.

use std::sync::{Arc, Mutex};

use passkey::{
    authenticator::{
        Authenticator, CredentialStore, DiscoverabilitySupport, StoreInfo, UiHint, UserCheck, UserValidationMethod,
    },
    client::{Client, DefaultClientData},
    crypto::AvailableBackend,
    types::{
        Passkey,
        ctap2::{
            Aaguid, Ctap2Error, StatusCode,
            make_credential::{Options, PublicKeyCredentialRpEntity, PublicKeyCredentialUserEntity},
        },
        webauthn::PublicKeyCredentialDescriptor,
    },
};
use serde_json::{Value, json};

use crate::people::HOST;

/// What a device keeps.
#[derive(Clone, Default)]
struct Drawer(Arc<Mutex<Vec<Passkey>>>);

#[async_trait::async_trait]
impl CredentialStore for Drawer {
    type PasskeyItem = Passkey;
    async fn find_credentials(
        &self,
        _ids: Option<&[PublicKeyCredentialDescriptor]>,
        _rp_id: &str,
        _user_handle: Option<&[u8]>,
    ) -> Result<Vec<Passkey>, StatusCode> {
        Ok(self.0.lock().unwrap().clone())
    }
    async fn save_credential(
        &mut self,
        made: Passkey,
        _user: PublicKeyCredentialUserEntity,
        _rp: PublicKeyCredentialRpEntity,
        _options: Options,
    ) -> Result<(), StatusCode> {
        self.0.lock().unwrap().push(made);
        Ok(())
    }
    async fn update_credential(&mut self, used: &Passkey) -> Result<(), StatusCode> {
        *self.0.lock().unwrap() = vec![used.clone()];
        Ok(())
    }
    async fn get_info(&self) -> StoreInfo {
        StoreInfo { discoverability: DiscoverabilitySupport::Full }
    }
}

/// A finger that the device knows.
struct Finger;

#[async_trait::async_trait]
impl UserValidationMethod for Finger {
    type PasskeyItem = Passkey;
    async fn check_user<'a>(
        &self,
        _hint: UiHint<'a, Passkey>,
        _presence: bool,
        _verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        Ok(UserCheck { presence: true, verification: true })
    }
    fn is_presence_enabled(&self) -> bool {
        true
    }
    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

// A macro, because the type of a client has five parameters that nobody wants to read.
macro_rules! client {
    ($device:expr) => {
        Client::new(Authenticator::new(Aaguid::new_empty(), $device.0.clone(), Finger, AvailableBackend))
    };
}

/// A person's device.
#[derive(Default)]
pub struct Device(Drawer);

impl Device {
    fn origin() -> url::Url {
        format!("https://{HOST}").parse().unwrap()
    }
    /// Answers what `navigator.credentials.create` is asked.
    pub async fn create(&self, options: &Value) -> Value {
        let options = serde_json::from_value(options.clone()).unwrap();
        let made = client!(self).register(&Self::origin(), options, DefaultClientData).await.unwrap();
        serde_json::to_value(made).unwrap()
    }
    /// Answers what `navigator.credentials.get` is asked, with what is under `publicKey`.
    pub async fn get(&self, options: &Value) -> Value {
        let options = serde_json::from_value(json!({ "publicKey": options })).unwrap();
        let given = client!(self).authenticate(&Self::origin(), options, DefaultClientData).await.unwrap();
        serde_json::to_value(given).unwrap()
    }
}
