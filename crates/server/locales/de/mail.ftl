# Nachrichten. Betreffe ohne Code und ohne Eile.
mail-started-password = Zurücksetzen angefragt für Ihr Konto bei { $organization }
mail-started-password-text = Jemand möchte das Passwort für { $account } zurücksetzen.
mail-started-unlock = Entsperren angefragt für Ihr Konto bei { $organization }
mail-started-unlock-text = Jemand möchte das Konto { $account } entsperren.
mail-started-replace = Telefon oder Schlüssel als verloren gemeldet für Ihr Konto bei { $organization }
mail-started-replace-text = Jemand hat gesagt, dass das Telefon oder der Schlüssel für { $account } verloren ist.
mail-started-ways = Eine Änderung wurde angefragt für Ihr Konto bei { $organization }
mail-started-ways-text = Jemand möchte die Wege zurück in { $account } ändern.
mail-started-you = Wenn Sie das waren, nehmen Sie diesen Link. Oder tippen Sie den Code in die offene Seite.
mail-started-no-need = Wenn Sie das waren, müssen Sie mit dieser Nachricht nichts tun.
mail-go-on = Mit meiner Anfrage weitermachen
mail-code = Code zum Eintippen
mail-life = Das gilt bis { $time }. Das sind insgesamt { $life }.
mail-code-contact = Ihr Code für diese neue Adresse
mail-code-contact-text = Tippen Sie diesen Code in die Seite, auf der Sie diese Adresse zu { $account } hinzufügen.
mail-code-else = Wenn Sie nicht danach gefragt haben, tun Sie nichts. Er endet von selbst.
mail-held = Ihre Anfrage bei { $organization } ruht
mail-held-text = Wir haben die Anfrage für { $account } angehalten bis { $time }. Das tun wir, wenn an einer Anfrage etwas neu ist.
mail-held-come-back = Waren Sie es, öffnen Sie Ihre Anfrage danach wieder und machen Sie weiter. Sie können jederzeit stoppen.
mail-follow = Dem Fall folgen
mail-stopped = Eine Anfrage für Ihr Konto bei { $organization } wurde gestoppt
mail-stopped-refused = Jemand wollte einen neuen Zugang zu { $account }. Es wurde nicht gezeigt, dass Sie es sind. Wir haben nichts getan.
mail-stopped-expired = Eine Anfrage für { $account } wurde nicht rechtzeitig fertig und ist zu Ende.
mail-stopped-withdrawn = Die Anfrage für { $account } wurde dort gestoppt, wo sie gestellt wurde.
mail-stopped-declined = Die Personen, die wir zu { $account } gefragt haben, haben nicht zugestimmt. Wir haben nichts getan.
mail-stopped-directory = Für { $account } sollte ein neuer Zugang gesetzt werden. Das Verzeichnis mit den Konten hat die Änderung abgelehnt. Sie wurde nicht gemacht.
mail-stopped-superseded = { $account } wurde geändert, während eine andere Anfrage dazu offen war. Diese andere Anfrage ist zu Ende.
mail-stopped-again = Wenn die Änderung von Ihnen ist, müssen Sie nichts tun.
mail-stopped-contested = Die Anfrage für { $account } wurde gestoppt. Zu einer anderen Anfrage für dieses Konto hat jemand gesagt: Das war ich nicht.
mail-stopped-unchanged = Die Anfrage mit dieser Fallnummer hat an Ihrem Konto nichts geändert.
mail-stopped-next = Wenn Sie es waren, wählen Sie einen anderen Weg. Oder kommen Sie mit Ihrem Ausweis vorbei.
mail-stopped-ask = Wenn Sie es waren, nennen Sie dem Service-Desk die Fallnummer. Dort kann man sehen, warum.
mail-done-password = Ihr Passwort bei { $organization } wurde geändert
mail-done-password-text = Für { $account } wurde ein neues Passwort gesetzt.
mail-done-signed-out = Jeder Browser wurde von den Seiten für den Zugang abgemeldet.
mail-done-unlock = Ihr Konto bei { $organization } wurde entsperrt
mail-done-unlock-text = Das Konto { $account } ist wieder offen.
mail-done-replace = Verlorenes Telefon oder verlorener Schlüssel abgeschaltet für Ihr Konto bei { $organization }
mail-done-replace-text = Das verlorene Telefon oder der verlorene Schlüssel für { $account } geht nicht mehr.
mail-done-ways = Die Wege zurück in Ihr Konto bei { $organization } wurden geändert
mail-done-ways-text = Die Wege zurück in { $account } haben sich geändert.
mail-contact = Ein Kontakt Ihres Kontos bei { $organization } hat sich geändert
mail-contact-added = Die Adresse { $address } wurde zu { $account } hinzugefügt. Sie zählt ab: { $time }. Bis dahin können Sie es stoppen.
mail-contact-removed = Die Adresse { $address } wurde von { $account } entfernt.
mail-added = Ein Weg zurück in Ihr Konto bei { $organization } wurde hinzugefügt
mail-added-text = Zu { $account } hinzugefügt: { $way }, „{ $name }“.
mail-removed = Ein Weg zurück in Ihr Konto bei { $organization } wurde entfernt
mail-removed-text = Von { $account } entfernt: { $way }, „{ $name }“.
mail-password = Ihr Passwort bei { $organization } wurde geändert
mail-password-text = Das Passwort für { $account } wurde von jemandem geändert, der das alte kannte. Jeder Browser wurde von den Seiten für den Zugang abgemeldet.
mail-not-me = Zurücksetzen ist gesperrt für Ihr Konto bei { $organization }
mail-not-me-text = Sie haben gesagt: Das war ich nicht. Niemand kann { $account } zurücksetzen oder sich damit auf diesen Seiten anmelden bis { $time }.
mail-not-me-nothing =
    { $phone ->
        [none] Was Sie gesagt haben, ist festgehalten. Wenn Ihr Passwort nicht mehr geht, gehen Sie sofort zum Service-Desk.
       *[other] Was Sie gesagt haben, ist festgehalten. Wenn Ihr Passwort nicht mehr geht, rufen Sie sofort den Service-Desk an: { $phone }.
    }
mail-not-me-changed =
    { $phone ->
        [none] Das Konto wurde geändert, bevor Sie es uns gesagt haben. Gehen Sie jetzt zum Service-Desk.
       *[other] Das Konto wurde geändert, bevor Sie es uns gesagt haben. Rufen Sie jetzt den Service-Desk an: { $phone }.
    }
mail-not-me-ask = Waren Sie das nicht?
mail-not-me-does = Das stoppt, was begonnen wurde, und einen Tag lang kann niemand das Konto zurücksetzen. Sie müssen sich nicht anmelden.
mail-sign =
    { $phone ->
        [none] Service-Desk von { $organization }
       *[other] Service-Desk von { $organization }, { $phone }
    }
