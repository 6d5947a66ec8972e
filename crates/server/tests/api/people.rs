//! What people of the API's tests have beside what all people of tests have, and what is looked at behind the API.

use keyward::{
    methods::{
        known_device,
        passkey::{Aim, Bound, Enrollment, Open},
    },
    token::Token,
};
use keyward_core::{account::Method, digest::Digest, time::Timestamp};

use crate::{
    client::Client,
    world::{App, FIRST, Key, Mail, Person, SITE, World},
};

/// Scheme-less address of the site.
pub const HOST: &str = "reset.northwind.test";
/// A password that the rules take.
pub const NEW: &str = "nine quiet herons marching";

/// Six digits that an app does not show around this time.
pub fn wrong(app: &App, at: Timestamp) -> String {
    let right: Vec<String> = (-2..=2).map(|step| app.code(at.plus_ms(step * 30_000))).collect();
    (0..).map(|n| format!("{n:06}")).find(|code| !right.contains(code)).unwrap()
}

/// The key at the end of the newest link of that kind, and the mail it was in.
pub fn linked(mails: &[Mail], path: &str) -> (String, Mail) {
    let start = format!("https://{HOST}{path}");
    let mail = mails.iter().rev().find(|mail| mail.text.contains(&start)).expect("a mail with that link").clone();
    (mail.link(path).rsplit('/').next().unwrap().to_owned(), mail)
}

impl World {
    /// The key of a session of somebody with the password that people begin with.
    pub async fn api_session(&self, client: &Client, name: &str) -> String {
        let body = serde_json::json!({ "name": name, "password": FIRST });
        let key = client.post("/api/v1/sign-in").json(body).send().await.str("/key");
        self.work().await;
        let view = client.get("/api/v1/session").key(&key).send().await;
        assert_eq!(view.str("/state"), "signed_in", "{}", view.text);
        key
    }

    /// An address that another password opens.
    pub async fn give_address(&self, person: &Person, address: &str) {
        self.give_as(self.ctx.id(self.ctx.now()), person, (Method::Email, address.as_bytes()), Vec::new()).await;
    }

    /// A passkey, whose key does not count: what holds once is not held by that.
    pub async fn give_passkey(&self, person: &Person) -> Key {
        self.give_key(person, Key { uncounted: true, ..Key::default() }).await
    }

    /// A passkey on that key.
    pub async fn give_key(&self, person: &Person, key: Key) -> Key {
        let at = self.ctx.now();
        let browser = Digest::of(b"a browser");
        let wanted = Enrollment { person: person.id, name: "pat", display_name: "Pat", browser, security_key: false };
        let dialog = self.flow.party.begin_enrollment(wanted, &[], at).unwrap();
        let answer = key.create_at(SITE, &dialog.options).await.unwrap().to_string();
        let bound = Bound { aim: Aim::Enroll { person: person.id }, browser };
        let record =
            self.flow.party.finish_enrollment(Open { state: &dialog.state, bound, at }, answer.as_bytes(), &[]);
        let data = record.unwrap().to_stored().unwrap();
        self.give_as(self.ctx.id(at), person, (Method::Passkey, &data), Vec::new()).await;
        key
    }

    /// The key of a browser that is known.
    pub async fn give_device(&self, person: &Person) -> String {
        let key = Token::new(self.ctx.bytes());
        let data = known_device::Record::new(&key).to_stored().unwrap();
        self.give_as(self.ctx.id(self.ctx.now()), person, (Method::KnownDevice, &data), Vec::new()).await;
        key.reveal().expose().clone()
    }

    /// How many cases there are.
    pub async fn cases(&self) -> usize {
        self.store().cases(&Default::default(), None, 1000).await.unwrap().len()
    }
}
