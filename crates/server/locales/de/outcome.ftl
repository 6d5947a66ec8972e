# Das Ende eines Falls: fertig oder nicht.
done-title = Sie sind wieder drin
done-title-unlocked = Ihr Konto ist wieder offen
done-title-replaced = Das Verlorene ist abgeschaltet
done-title-ways = Ihre Wege zurück haben sich geändert
done-at = Erledigt: { $time }.
done-changed = Was sich geändert hat
done-password = Sie haben ein neues Passwort.
done-passkey = Sie haben einen neuen Passkey.
done-added = Hinzugefügt: { $way }.
done-unlocked = Ihr Konto ist entsperrt.
done-signed-out = Wir haben Sie überall abgemeldet.
done-signed-out-of =
    { $n ->
        [one] Wir haben Sie auf 1 Gerät abgemeldet.
       *[other] Wir haben Sie auf { $n } Geräten abgemeldet.
    }
done-app-passwords =
    { $n ->
        [one] Wir haben 1 App-Passwort beendet.
       *[other] Wir haben { $n } App-Passwörter beendet.
    }
done-removed = { $name } geht nicht mehr.
done-told =
    { $n ->
        [one] Wir haben Ihnen auf 1 Weg Bescheid gesagt.
       *[other] Wir haben Ihnen auf { $n } Wegen Bescheid gesagt.
    }
done-still-open = Das endet etwas später
done-still-open-until = { $what }: bis { $time }
done-next = Was noch zu tun ist
done-code-text = Sie haben einen Ihrer Wiederherstellungscodes benutzt. Ein neuer kann auf Ihrem Blatt an seine Stelle treten, innerhalb einer Stunde.
done-code-button = Neuen Code zeigen
next-recovery-codes =
    { $left ->
        [0] Legen Sie neue Wiederherstellungscodes an. Sie haben keinen mehr.
        [one] Legen Sie neue Wiederherstellungscodes an. Sie haben noch 1.
       *[other] Sehen Sie nach Ihren Wiederherstellungscodes. Sie haben noch { $left }.
    }
next-passkey = Speichern Sie einen Passkey, dann brauchen Sie das hier nicht wieder.
next-device = Lassen Sie diesen Browser als Nachweis zählen.
next-mail-app = Geben Sie das neue Passwort in der Mail-App Ihres Telefons ein.
next-laptop = Sperren Sie Ihren Dienst-Laptop und entsperren Sie ihn mit dem neuen Passwort.
next-ways = Sehen Sie sich Ihre Wege zurück ins Konto an.
done-sign-in-text = Sie sind noch nicht angemeldet.
done-sign-in = Anmelden
done-reference = Fallnummer
done-print = Sie können diese Seite drucken und aufheben.
done-not-me = War das jemand anderes?
stop-unchanged = Am Konto hat sich nichts geändert.
stop-changed = Das Konto wurde vorher geändert. Das Sicherheitsteam weiß Bescheid.
stop-next = Was Sie jetzt tun können
told-contacts = Wenn es ein Konto gibt, haben wir der Person, der es gehört, auf allen Wegen Bescheid gesagt.
told-security = Wenn es ein Konto gibt, haben wir der Person, der es gehört, und dem Sicherheitsteam Bescheid gesagt.
start-again = Zum Anfang
stop-not-confirmed-title = So können wir nicht bestätigen, dass Sie es sind
stop-not-confirmed-why = Was wir gesehen haben, reicht nicht, um dieses Konto zu öffnen. Das heißt nicht, dass Sie etwas falsch gemacht haben.
stop-not-confirmed-next = Wählen Sie einen anderen Weg, rufen Sie den Service-Desk an oder kommen Sie mit Ihrem Ausweis vorbei.
stop-contested-title = Diese Anfrage wurde gestoppt
stop-contested-why = Jemand, der die Nachrichten dieses Kontos bekommt, hat gesagt: Das war ich nicht.
stop-contested-next = Wenn Sie es waren, kommen Sie mit Ihrem Ausweis vorbei. 24 Stunden lang kann niemand dieses Konto von hier aus zurücksetzen.
stop-expired-title = Diese Anfrage ist zu Ende
stop-expired-why = Ihre Zeit war um. Am Konto hat sich nichts geändert.
stop-expired-next = Fangen Sie neu an, wenn Sie so weit sind. Es dauert ein paar Minuten.
stop-withdrawn-title = Sie haben diese Anfrage gestoppt
stop-withdrawn-why = Ihre Links und Codes gelten nicht mehr. Am Konto hat sich nichts geändert.
stop-withdrawn-next = Sie können jederzeit neu anfangen.
stop-declined-title = Die Antwort war Nein
stop-declined-why = Die gefragten Personen haben nicht zugestimmt. Sie müssen hier nicht sagen, warum.
stop-declined-next = Rufen Sie den Service-Desk mit Ihrer Fallnummer an, oder kommen Sie mit Ihrem Ausweis vorbei.
stop-busy-title = Zu diesem Namen läuft schon eine Anfrage
stop-busy-why = Es kann immer nur eine weitergehen. Vielleicht ist sie in einem anderen Fenster offen. Am Konto hat sich nichts geändert.
stop-busy-next = Machen Sie im anderen Fenster weiter. Wenn Sie das nicht sind, wählen Sie am Anfang „Das war jemand anderes“.
stop-tries-title = Zu viele Versuche
stop-tries-why = Nach einigen Versuchen halten wir eine Weile an, damit niemand raten kann.
stop-tries-next = Versuchen Sie es wieder ab: { $time }. Oder rufen Sie den Service-Desk an.
stop-outage-title = Dieser Dienst geht gerade nicht
stop-outage-why = Etwas, das wir brauchen, antwortet nicht. Ihr Fall ist sicher, und es hat sich nichts geändert.
stop-outage-next = Versuchen Sie es in einer Minute wieder, oder rufen Sie den Service-Desk an.
stop-outage-until-title = Dieser Dienst geht gerade nicht
stop-outage-until-why = Etwas, das wir brauchen, antwortet nicht. Ihr Fall ist sicher, und es hat sich nichts geändert.
stop-outage-until-next = Versuchen Sie es wieder ab: { $time }. Oder rufen Sie den Service-Desk an.
stop-already-title = Das ist schon erledigt
stop-already-why = Diese Anfrage ist fertig. Zurückgehen ändert nichts.
stop-already-next = Melden Sie sich mit Ihrem neuen Zugang an. Wenn Sie ihn noch einmal ändern wollen, fangen Sie neu an.
stop-not-found-title = Hier ist keine Seite
stop-not-found-why = Vielleicht ist die Adresse falsch geschrieben, oder die Seite gibt es nicht mehr.
stop-not-found-next = Prüfen Sie die Adresse, oder gehen Sie zum Anfang.
stop-method-title = Das geht hier nicht
stop-method-why = Die Seite wurde auf eine Weise gefragt, die sie nicht kennt. Es hat sich nichts geändert.
stop-method-next = Gehen Sie zurück und benutzen Sie die Schaltfläche der Seite.
stop-stale-title = Diese Seite war zu alt
stop-stale-why = Sie war zu lange offen, oder sie kam von einer anderen Website. Es hat sich nichts geändert.
stop-stale-next = Gehen Sie zurück, laden Sie die Seite neu und senden Sie sie noch einmal.
stop-large-title = Das war zu viel
stop-large-why = Sie haben mehr gesendet, als diese Seite nehmen kann. Es hat sich nichts geändert.
stop-large-next = Gehen Sie zurück und senden Sie weniger.
stop-not-yours-title = Diese Seite ist nicht für Sie
stop-not-yours-why = Sie sind angemeldet, aber diese Seite gehört anderen.
stop-not-yours-next = Wenn Sie sie für Ihre Arbeit brauchen, fragen Sie, wer diesen Dienst betreibt.
stop-broken-title = Auf unserer Seite ist etwas kaputtgegangen
stop-broken-why = Sie können nichts dafür. Wir haben es aufgeschrieben und sehen es uns an.
stop-broken-next = Versuchen Sie es noch einmal. Wenn es wieder geschieht, rufen Sie den Service-Desk an.
