# Seiten, die erklären.
help-page-title = Hilfe
help-name-title = Sie wissen nicht, mit welchem Namen Sie sich anmelden
help-name-text = Er steht auf Ihrem ersten Brief von uns und ist oft gleich Ihrer dienstlichen E-Mail-Adresse. Der Service-Desk hilft Ihnen suchen.
help-call-check-title = Jemand hat Sie angerufen und sagt, er sei der Service-Desk
help-call-check-text = Legen Sie auf. Rufen Sie dann selbst die Nummer oben an. Wer echt ist, hat nichts dagegen.
check-lede = Niemand bekommt ein neues Passwort, nur weil er fragt. Jede Anfrage ist ein Fall mit fünf Schritten, und jeder Schritt wird aufgeschrieben.
check-steps = Die fünf Schritte
check-classify = Wir sehen nach, was für ein Konto es ist. Manche brauchen mehr Vorsicht.
check-verify = Sie zeigen, dass Sie es sind, mit Dingen, die nur Sie haben.
check-authorize = Bei manchen Konten müssen erst andere zustimmen, oder es muss Zeit vergehen.
check-reissue = Sie setzen den neuen Zugang selbst. Wir melden Sie von diesen Seiten ab.
check-review = Jemand sieht nach, was getan wurde.
check-ways = Was als Nachweis zählen kann
check-never = Was wir nie tun
check-never-questions = Wir fragen nie nach Ihrem ersten Haustier, Ihrem Geburtstag oder Ihrer Personalnummer.
check-never-facts = Wir sagen nie, ob ein Name ein Konto hat.
check-never-skip = Niemand kann einen Schritt überspringen, egal wer fragt und wie eilig es ist.
check-never-see = Niemand bei uns kann Ihr Passwort sehen oder wählen.
access-title = Können alle diese Seiten benutzen?
access-lede = { $organization } möchte, dass alle wieder in ihr Konto kommen.
access-aim = Unser Ziel ist WCAG 2.2, Stufe AA. Die Seiten gehen mit der Tastatur, mit einem Vorleseprogramm, bei 400 Prozent Vergrößerung und ohne Skripte. Nur Passkeys brauchen Skripte.
access-tested = Was wir geprüft haben
access-version = Version
access-date = Datum
access-method = Wie
access-method-text =
    { $pages ->
        [one] 1 Seite, mit einem Programm (axe), hell und dunkel, breit und schmal
       *[other] { $pages } Seiten, mit einem Programm (axe), hell und dunkel, breit und schmal
    }
access-gaps = Was noch nicht geht
access-gap-by-hand = Noch niemand hat jede Seite mit einem Vorleseprogramm versucht.
access-untested = In dieser Fassung gibt es keine Prüfergebnisse (Version { $version }).
access-tell = Sagen Sie es uns
access-tell-text =
    { $contact ->
        [none] Hatten Sie ein Problem? Sagen Sie es dem Service-Desk. Ein Mensch kann Ihnen bei jedem Schritt helfen.
       *[other] Hatten Sie ein Problem? Sagen Sie es dem Service-Desk: { $contact }. Ein Mensch kann Ihnen bei jedem Schritt helfen.
    }
privacy-lede = Was { $organization } aufhebt, wenn Sie diese Seiten benutzen, und wie lange.
privacy-what = Was wir aufheben
privacy-what-name = Den Namen, den Sie eingegeben haben.
privacy-what-from = Woher eine Anfrage kam: Netzadresse, Browser und Zeit.
privacy-what-steps = Welche Schritte es gab, von wem, und wie sie ausgingen.
privacy-why = Warum
privacy-why-text = Damit niemand Ihr Konto übernehmen kann, und damit wir später zeigen können, dass jedes Zurücksetzen geprüft war.
privacy-long = Wie lange
privacy-long-text = Gibt es zu einem Namen kein Konto, löschen wir den Namen und woher er kam nach { $days } Tagen. Gibt es eines, bleiben Namen und Adressen beim Fall, bis { $organization } sie löscht. Das geschieht nicht von selbst. Der Beleg für die Schritte bleibt, aber ohne Namen.
privacy-never = Was wir nie tun
privacy-never-password = Wir speichern und zeigen nie Ihr Passwort.
privacy-never-track = Wir laden nichts von anderen Websites und zählen keine Klicks.
privacy-cookies = Cookies setzen wir nur, um Ihren Fall, Ihre Sprache und dieses Gerät zu erkennen.
privacy-ask = Fragen Sie uns
privacy-ask-text =
    { $contact ->
        [none] Fragen Sie den Service-Desk, wenn Sie sehen oder löschen lassen wollen, was wir haben.
       *[other] Was wir haben, können Sie sehen oder löschen lassen: { $contact }.
    }
