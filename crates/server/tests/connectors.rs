//! Directories: the conformance suite against each, and what only one of them has.

mod support;

use std::sync::Arc;

use keyward::connectors::{
    AccountName, Directory, Found, Protection, SignIn,
    openldap::{OpenLdap, Settings},
};
use keyward_core::{secret::SecretText, steps::reissue::Outcome};
use support::{
    conformance::conformance,
    embedded::EmbeddedWorld,
    openldap::{OpenLdapWorld, account, settings},
    slapd::{self, MANAGER, READER, ROOT, SERVICE},
    world::{DirectoryWorld, Like},
};

#[tokio::test]
async fn the_embedded_directory_conforms() {
    conformance(&EmbeddedWorld::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openldap_conforms() {
    let Some(world) = OpenLdapWorld::shared() else {
        return;
    };
    conformance(&world).await;
}
