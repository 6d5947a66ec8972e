//! The people of the demonstration: forty names, each with a post, a class and what they have set up; and twelve machines.

use keyward_core::account::Class;

/// What somebody has set up before the demonstration begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Setup {
    /// An app, printed codes and a private address: everything but a passkey.
    Full,
    /// An app and a private address.
    App,
    /// Printed codes and a private address.
    Codes,
    /// Nothing but the directory: nobody has ever signed in.
    Nothing,
}

/// Somebody of the company.
#[derive(Clone, Copy, Debug)]
pub struct Somebody {
    /// The name that signs in.
    pub account: &'static str,
    /// What people call them.
    pub name: &'static str,
    /// The post.
    pub post: &'static str,
    /// The class of the account.
    pub class: Class,
    /// What they have set up.
    pub setup: Setup,
    /// The language they are written to in.
    pub language: &'static str,
}

macro_rules! people {
    ($($account:literal, $name:literal, $post:literal, $class:ident, $setup:ident, $language:literal;)*) => {
        &[$(Somebody {
            account: $account, name: $name, post: $post, class: Class::$class, setup: Setup::$setup, language: $language,
        },)*]
    };
}

/// Everybody.
pub const ALL: &[Somebody] = people! {
    "j.okafor", "Joy Okafor", "Ward nurse", Standard, Full, "en";
    "m.brandt", "Mila Brandt", "Physiotherapist", Standard, Full, "de";
    "s.haddad", "Sami Haddad", "Ward nurse", Standard, App, "en";
    "l.nowak", "Lena Nowak", "Midwife", Standard, Codes, "en";
    "t.ferrari", "Tito Ferrari", "Porter", Standard, Nothing, "en";
    "a.singh", "Asha Singh", "Radiographer", Standard, Full, "en";
    "k.weber", "Kai Weber", "Laboratory assistant", Standard, Full, "de";
    "p.oconnor", "Pat O'Connor", "Ward clerk", Standard, App, "en";
    "e.silva", "Edu Silva", "Cook", Standard, Codes, "en";
    "n.tanaka", "Nao Tanaka", "Pharmacist", Standard, Full, "en";
    "b.mensah", "Bea Mensah", "Ward nurse", Standard, Full, "en";
    "f.keller", "Flo Keller", "Paramedic", Standard, App, "de";
    "g.rossi", "Gigi Rossi", "Dietitian", Standard, Full, "en";
    "h.larsen", "Hege Larsen", "Librarian", Standard, Nothing, "en";
    "i.kowalski", "Iga Kowalski", "Ward nurse", Standard, Full, "en";
    "c.dubois", "Cleo Dubois", "Receptionist", Standard, App, "en";
    "d.yilmaz", "Deniz Yilmaz", "Ward nurse", Standard, Full, "de";
    "o.petrov", "Olga Petrov", "Optometrist", Standard, Codes, "en";
    "q.nguyen", "Quyen Nguyen", "Ward nurse", Standard, Full, "en";
    "r.iqbal", "Rana Iqbal", "Security officer", Standard, Full, "en";
    "u.jansen", "Ulli Jansen", "Gardener", Standard, Nothing, "de";
    "v.costa", "Vera Costa", "Ward nurse", Standard, App, "en";
    "w.adeyemi", "Wole Adeyemi", "Surgeon", Standard, Full, "en";
    "x.li", "Xiu Li", "Anesthetist", Standard, Full, "en";
    "y.cohen", "Yael Cohen", "Teacher", Standard, App, "en";
    "z.horvat", "Zora Horvat", "Ward nurse", Standard, Full, "en";
    "a.boateng", "Amara Boateng", "Accounts payable", Finance, Full, "en";
    "l.moreau", "Lou Moreau", "Payroll", Finance, Full, "en";
    "m.fischer", "Max Fischer", "Purchasing", Finance, App, "de";
    "r.patel", "Ravi Patel", "Controller", Finance, Full, "en";
    "e.lund", "Ebba Lund", "Personnel officer", Hr, Full, "en";
    "s.klein", "Sina Klein", "Recruiting", Hr, App, "de";
    "h.green", "Harper Green", "Occupational health", Hr, Full, "en";
    "d.whitfield", "Dana Whitfield", "Chief executive", Executive, Full, "en";
    "k.sato", "Kei Sato", "Medical director", Executive, Full, "en";
    "b.vogel", "Bo Vogel", "Head of finance", Executive, App, "de";
    "t.lindqvist", "Tomas Lindqvist", "Domain administrator", Admin, Full, "en";
    "m.kowalczyk", "Marta Kowalczyk", "Infrastructure", Admin, Full, "en";
    "a.balogun", "Ade Balogun", "Identity administrator", Admin, Full, "en";
    "p.shah", "Priya Shah", "Service desk lead", Admin, Full, "en";
};

/// Accounts of software: the name that signs in, and what it does. Nobody recovers one here (R31).
pub const MACHINES: &[(&str, &str)] = &[
    ("svc-backup", "Backup"),
    ("svc-print", "Print server"),
    ("svc-lab", "Laboratory analyzers"),
    ("svc-pacs", "Image archive"),
    ("svc-hl7", "Message broker"),
    ("svc-payroll", "Payroll export"),
    ("svc-scan", "Document scanner"),
    ("svc-wifi", "Wireless controller"),
    ("svc-monitor", "Monitoring"),
    ("svc-deploy", "Software distribution"),
    ("svc-meals", "Meal orders"),
    ("svc-doors", "Door controller"),
];

impl Somebody {
    /// Their address at the company, which their password opens.
    pub fn mail(&self) -> String {
        format!("{}@{}", self.account, super::DOMAIN)
    }
    /// Their own address elsewhere, if they gave one.
    pub fn private_mail(&self) -> Option<String> {
        (self.setup != Setup::Nothing).then(|| format!("{}@private.example", self.account))
    }
    /// The group of the directory that makes their class.
    pub fn group(&self) -> &'static str {
        group(self.class)
    }
}

/// The group that makes a class.
pub const fn group(class: Class) -> &'static str {
    match class {
        Class::Standard => "staff",
        Class::Finance => "finance",
        Class::Hr => "personnel",
        Class::Executive => "board",
        Class::Admin => "administrators",
        Class::Machine => "machines",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn eco_02_forty_people_in_all_classes_and_no_name_twice() {
        let names: BTreeSet<&str> = ALL.iter().map(|somebody| somebody.account).collect();
        assert_eq!((ALL.len(), names.len()), (40, 40));
        let classes: BTreeSet<Class> = ALL.iter().map(|somebody| somebody.class).collect();
        assert_eq!(classes.len(), 5);
        assert_eq!(MACHINES.len(), 12);
    }
}
