//! P24 where the directory is a real slapd that is slow, silent or gone: who asks for a recovery is answered before anybody looks a name up.

use std::collections::HashSet;

use ldap3::LdapConnAsync;

use crate::{
    Bench,
    proxy::{Proxy, Wire},
    slapd::{self, PEOPLE, ROOT, SUFFIX},
    stage::Installation,
    timing::{Door, judged, starts, trio},
};

pub fn names(bench: &mut Bench) {
    let Some(slapd) = slapd::own() else { return };
    let wire = Proxy::before(slapd.port);
    let made = Installation::before_slapd(&format!("ldap://127.0.0.1:{}", wire.port));
    let (some, each) = (bench.of(20_000, 3), bench.of(400, 2));
    made.block_on(people(slapd.port, each));
    let server = made.serve();
    let mut door = Door::default();
    for (what, fault) in [
        ("a start while the directory is slow", Wire::Slow),
        ("a start while the directory says nothing", Wire::SwallowsRequest),
        ("a start while the directory hangs up", Wire::Refuses),
    ] {
        if !bench.wants(what) {
            continue;
        }
        // Each request has that in it.
        wire.arm(fault, SUFFIX);
        let tried = starts(&mut door, &server, |round| trio("person", round, each), false, (some, 420));
        judged(bench, what, &tried);
    }
}

/// So many who are in the directory, and have never been here.
async fn people(port: u16, count: usize) {
    let (connection, mut ldap) = LdapConnAsync::new(&format!("ldap://127.0.0.1:{port}")).await.unwrap();
    tokio::spawn(connection.drive());
    ldap.simple_bind(ROOT.0, ROOT.1).await.unwrap().success().unwrap();
    for number in 0..count {
        let name = format!("person-{number:04}");
        let mail = format!("{name}@keyward.test");
        let entry = [("objectClass", "inetOrgPerson"), ("uid", &name), ("cn", &name), ("sn", &name), ("mail", &mail)];
        let entry = entry.map(|(attribute, value)| (attribute, HashSet::from([value])));
        ldap.add(&format!("uid={name},{PEOPLE}"), entry.to_vec()).await.unwrap().success().unwrap();
    }
}
