# Eine Person, angemeldet.
sign-in-title = Anmelden
sign-in-text = Nehmen Sie das Passwort, das Sie bei der Arbeit benutzen. Damit können Sie nachsehen. Bevor Sie einen Weg zurück ändern, prüfen wir noch einmal.
sign-in-again = Es ist etwas Zeit vergangen. Geben Sie Ihr Passwort noch einmal ein.
sign-in-over = Sie wurden abgemeldet. Die Änderung, die Sie begonnen hatten, ist damit zu Ende. Melden Sie sich an, um sie noch einmal zu beginnen.
sign-in-wait-title = Ihr Passwort wird geprüft
sign-in-name = Name
sign-in-password = Passwort
sign-in-empty = Geben Sie Ihren Namen und Ihr Passwort ein
sign-in-wrong = Name und Passwort passen nicht zusammen. Oder diese Anmeldung ist gerade gesperrt
sign-in-too-many = Zu viele Versuche. Versuchen Sie es wieder ab: { $time }
code-until = Er gilt bis { $time }. Das sind insgesamt { $life }.
idle-soon = Wir melden Sie in 2 Minuten ab. Brauchen Sie diese Seite noch?
idle-less = Wir melden Sie in weniger als 2 Minuten ab. Brauchen Sie diese Seite noch?
idle-away = Der Server war nicht zu erreichen. Vielleicht sind Sie noch angemeldet. Versuchen Sie es noch einmal.
idle-stay = Angemeldet bleiben
idle-over = Sie wurden abgemeldet. Was Sie eingegeben haben, steht noch hier, bis Sie die Seite verlassen.
me-title = Meine Wege zurück
ready =
    { $n ->
        [0] Sie haben keinen Weg zurück ins Konto
        [one] Sie haben 1 Weg zurück ins Konto
       *[other] Sie haben { $n } Wege zurück ins Konto
    }
ready-text =
    { $n ->
        [0] Wenn Sie Ihr Passwort vergessen, müssen Sie vorbeikommen. Legen Sie jetzt einen Passkey an.
        [one] Wenn Sie ihn verlieren, müssen Sie vorbeikommen. Legen Sie noch einen an.
        [2] Das ist gut. Einer mehr ist sicherer.
       *[other] Das ist gut. Wenn Sie einen verlieren, gehen die anderen noch.
    }
ready-spare = Er braucht zwei der Nachweise unten, und Sie haben einen in Reserve. Ein Weg mehr ist sicherer.
me-passkeys = Passkeys
me-passkey-add = Passkey anlegen
me-passkeys-none = Sie haben noch keinen Passkey. Er ist der sicherste Weg und der schnellste.
me-app = Authenticator-App
me-app-add = App einrichten
me-app-on = Eine App ist eingerichtet
me-app-none = Keine App ist eingerichtet.
me-codes = Wiederherstellungscodes
me-codes-new = Neue Codes anlegen
me-codes-left =
    { $n ->
        [0] Kein Code mehr
        [one] Noch 1 Code
       *[other] Noch { $n } Codes
    }
me-codes-none = Sie haben keine Wiederherstellungscodes. Sie helfen, wenn Ihr Telefon weg ist.
me-contacts = Kontakte
me-contact-add = Adresse hinzufügen
me-contacts-none = Wir haben keine private Adresse von Ihnen. Fügen Sie eine hinzu, damit wir Ihnen Bescheid sagen können.
me-devices = Bekannte Geräte
me-device-add = Diesen Browser hinzufügen
me-devices-none = Noch ist kein Gerät bekannt.
me-password = Passwort
me-password-change = Passwort ändern
me-password-age = Zuletzt geändert am { $date } ({ $ago }).
me-history = Verlauf
me-history-odd = Sieht etwas falsch aus?
card-made = Angelegt am { $date }
card-since = Bekannt seit { $date }
card-used = zuletzt benutzt { $ago }
card-never-used = noch nicht benutzt
remove = Entfernen
contact-counts = Zählt
contact-waits = Wartet
contact-counts-from = zählt ab { $time }
device-this = Dieses hier
history-added = Hinzugefügt: { $way }
history-removed = Entfernt: { $way }
history-password = Neues Passwort
history-started = Wiederherstellung begonnen: { $reference }
history-done = Wiederherstellung fertig: { $reference }
history-stopped = Wiederherstellung gestoppt: { $reference }
notice-added = Hinzugefügt: { $way }. Wir haben Ihnen auf allen Wegen Bescheid gesagt.
notice-removed = Entfernt: { $way }. Wir haben Ihnen auf allen Wegen Bescheid gesagt.
notice-contact-waits = Die Adresse ist hinzugefügt. Sie zählt ab: { $time }. Ihre alten Kontakte wissen Bescheid.
add-passkey-title = Passkey anlegen
add-passkey-name = Name
add-passkey-name-hint = Damit Sie später wissen, welcher es ist.
not-now = Jetzt nicht
begin-check = Zuerst prüfen wir noch einmal, dass Sie es sind.
begin-waits = Bis etwas Neues zählt, vergehen { $wait }. So lange können Sie es stoppen.
begin-app-text = Eine App auf Ihrem Telefon zeigt alle 30 Sekunden einen neuen Code.
begin-contact-title = Private Mail-Adresse hinzufügen
begin-contact-text = Dorthin können wir schreiben, wenn Sie nicht mehr ins Konto kommen.
begin-device-title = Diesen Browser zählen lassen
begin-device-text = Dieser Browser kann dann ein Nachweis sein, dass Sie es sind.
begin-password-text = Sie wählen ein neues Passwort. Wir melden Sie in jedem Browser von diesen Seiten ab.
bind-device-shared = Tun Sie das nur in einem Browser, den sonst niemand benutzt.
bind-device-button = Diesen Browser zählen lassen
choose-way-title = Was möchten Sie entfernen?
choose-way-empty = Wählen Sie, was Sie entfernen möchten
choose-way-none = Hier gibt es nichts, was Sie entfernen können.
choose-way-used = { $name } war eben Ihr Nachweis und lässt sich deshalb jetzt nicht entfernen.
add-app-title = Authenticator-App einrichten
add-app-1 = 1. Bild scannen
add-app-1-text = Öffnen Sie die App auf Ihrem Telefon, fügen Sie ein Konto hinzu und scannen Sie.
add-app-qr = Bild zum Scannen mit Ihrer Authenticator-App
add-app-key-text = Keine Kamera? Tippen Sie das in die App.
add-app-key = Schlüssel
add-app-2 = 2. Den angezeigten Code eingeben
add-app-button = App einrichten
copy = Schlüssel kopieren
copied = Kopiert
new-codes-title = Neue Wiederherstellungscodes anlegen
new-codes-text = Sie bekommen zehn Codes zum Drucken oder Speichern. Jeder gilt einmal, wenn Telefon und Schlüssel weg sind.
new-codes-old =
    { $n ->
        [one] Ihr alter Code gilt dann nicht mehr.
       *[other] Ihre { $n } alten Codes gelten dann nicht mehr.
    }
new-codes-button = Neue Codes anlegen
codes-title = Wiederherstellungscodes
codes-once = Wir zeigen diese Codes nur einmal. Drucken oder speichern Sie sie jetzt.
codes-text = Jeder Code gilt einmal. Streichen Sie ihn durch, wenn Sie ihn benutzt haben. Legen Sie das Blatt dorthin, wo nur Sie es finden, und nicht neben Ihr Telefon.
codes-where = Zum Benutzen gehen Sie zu
codes-kept = Ich habe sie aufgehoben
code-one-title = Ihr neuer Wiederherstellungscode
code-one-once = Wir zeigen diesen Code nur einmal. Schreiben Sie ihn jetzt auf.
code-one-text = Er tritt an die Stelle des Codes, den Sie benutzt haben. Streichen Sie jenen auf Ihrem Blatt durch und schreiben Sie diesen daneben. Er gilt einmal.
code-one-kept = Ich habe ihn aufgeschrieben
print = Drucken
add-contact-title = Wie lautet Ihre private Mail-Adresse?
add-contact-hint = Eine Adresse, die Sie ohne Ihr Dienstkonto öffnen können.
add-contact-waits = Bis eine neue Adresse zählt, vergehen { $wait }. Alle alten Kontakte erfahren es und können es stoppen.
add-contact-button = Code senden
contact-empty = Geben Sie eine E-Mail-Adresse ein
contact-shape = Geben Sie eine E-Mail-Adresse ein wie name@example.com
contact-own = Dieses Postfach öffnet Ihr Dienstkonto. Sind Sie ausgesperrt, ist es auch zu. Nehmen Sie ein privates
contact-already = Diese Adresse ist schon da
confirm-contact-title = Geben Sie den gesendeten Code ein
confirm-contact-text = Wir haben einen 6-stelligen Code an { $address } gesendet.
confirm-contact-button = Adresse hinzufügen
confirm-contact-other = Andere Adresse nehmen
remove-title = { $name } entfernen?
remove-text = Es geht dann sofort nicht mehr. Wir sagen Ihnen auf allen Wegen Bescheid.
remove-left =
    { $n ->
        [0] Dann haben Sie keinen Weg zurück. Wenn Sie Ihr Passwort vergessen, müssen Sie vorbeikommen.
        [one] Dann haben Sie 1 Weg zurück.
       *[other] Dann haben Sie { $n } Wege zurück.
    }
remove-button = Entfernen
remove-keep = Behalten
change-password-title = Passwort ändern
