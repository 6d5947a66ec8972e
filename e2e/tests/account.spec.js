// "My ways back in": signing in, and what is added and removed there, each change a case with a proof of its own.
import { test, expect } from '../support/test.js';
import {
  DOORS, NEW_PASSWORD, backIn, choose, heading, openCase, proceed, proveByApp, proveByAppAndRecoveryCode, proveByRecoveryCode, setPassword,
} from '../support/journey.js';
import { authenticator } from '../support/authenticator.js';
import { Visitor } from '../support/visitor.js';

test.use({ part: 'account' });

async function typePassword(page, person, password = person.password) {
  await page.goto('/sign-in');
  await page.locator('#name').fill(person.account);
  await page.locator('#password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

async function signIn(page, person, password = person.password) {
  await typePassword(page, person, password);
  await expect(page).toHaveURL(/\/me$/);
  await heading(page, 'My ways back in');
}

async function refused(page) {
  await expect(page.getByRole('alert')).toContainText('The name and the password do not go together');
}

/** From the overview into a case, with the proof that everybody here can give. */
async function begin(page, demo, person, link) {
  await page.getByRole('link', { name: link }).click();
  await proceed(page);
  await heading(page, 'How else can you prove it is you?');
  await expect(page.locator('.ticks')).toContainText('Your password');
  await proveByApp(page, demo, person);
}

test('r_07 after a recovery the new password signs in, the old one does not, and nobody is signed in by itself', async ({ page, demo, browser }) => {
  const person = demo.someone({ app: true, codes: true });
  // Somebody is signed in with the old one in another browser.
  const elsewhere = await browser.newContext({ baseURL: demo.url, locale: 'en-GB' });
  const other = await elsewhere.newPage();
  await signIn(other, person);
  await openCase(page, person.account);
  await proveByAppAndRecoveryCode(page, demo, person);
  await setPassword(page);
  await backIn(page);
  await expect(page.getByText('You are not signed in yet.')).toBeVisible();
  await page.goto('/me');
  await expect(page).toHaveURL(/\/sign-in/);
  await typePassword(page, person);
  await refused(page);
  await signIn(page, person, NEW_PASSWORD);
  await other.reload();
  await expect(other).toHaveURL(/\/sign-in/);
  await elsewhere.close();
});

test('ux_66 the page warns two minutes before the session ends, and staying keeps what was typed', async ({ page, demo }) => {
  const person = demo.someone();
  await page.clock.install();
  await signIn(page, person);
  await page.goto('/me/contacts/add');
  const idle = Number(await page.locator('[data-idle]').getAttribute('data-idle'));
  const warning = page.getByText('We sign you out in 2 minutes.');
  await page.clock.fastForward(idle - 121_000);
  await expect(warning).toBeHidden();
  await page.clock.fastForward(2_000);
  await expect(warning).toBeVisible();
  const stay = page.getByRole('button', { name: 'Stay signed in' });
  // No answer says nothing about the session, and can be asked for again.
  await page.route('**/me/stay', route => route.fulfill({ status: 503 }));
  await stay.click();
  await expect(page.getByText('We could not reach the server.')).toBeVisible();
  await page.unroute('**/me/stay');
  await page.route('**/me/stay', route => route.fulfill({ json: { idle: 60_000 } }));
  await stay.click();
  await expect(page.getByText('We sign you out in less than 2 minutes.')).toBeVisible();
  await page.unroute('**/me/stay');
  await stay.click();
  await expect(page.getByText('We sign you out')).toBeHidden();
  await page.clock.fastForward(idle + 1_000);
  await expect(page.getByText('You have been signed out.')).toBeVisible();
  await expect(page).toHaveURL(/\/me\/contacts\/add$/);
});

test('ux_03 a wrong password and a name that is none are answered alike', async ({ page, demo }) => {
  const person = demo.someone();
  await typePassword(page, person, 'this is not the password');
  await refused(page);
  await expect(page.locator('#password')).toHaveValue('');
  const known = await page.locator('main').innerText();
  await typePassword(page, { account: 'nobody.at.all' }, 'this is not the password');
  await refused(page);
  expect(await page.locator('main').innerText()).toBe(known);
});

test('ux_33 a passkey is made, named, shown, and proves nothing before its time has come (ux_38)', async ({ page, demo }) => {
  await page.addInitScript(() => {
    globalThis.told = [];
    PublicKeyCredential.signalAllAcceptedCredentials = async kept => { globalThis.told.push(kept); };
  });
  const held = await authenticator(page);
  const person = demo.someone({ app: true, codes: true });
  await signIn(page, person);
  await begin(page, demo, person, 'Add a passkey');
  await page.locator('#name').fill('My phone');
  await page.getByRole('button', { name: 'Create a passkey' }).click();
  await expect(page).toHaveURL(/\/(done|me)(\?|$)/);
  const credentials = await held.credentials();
  expect(credentials).toHaveLength(1);
  expect(credentials[0]).toMatchObject({ rpId: 'localhost', isResidentCredential: true });
  for (const address of [person.private_mail, `${person.account}@northwind.example`]) {
    const told = await demo.newest(address, mail => /passkey/i.test(mail.text), `a notice of the new way in to ${address}`);
    expect(told.notMe).toBeTruthy();
  }
  // A change ends every session of the account, this one too.
  await signIn(page, person);
  await expect(page.locator('[aria-labelledby=passkeys]')).toContainText('My phone');

  // M103: what was added three days ago or less is no proof.
  await openCase(page, person.account);
  await choose(page, 'Passkey or security key');
  await page.getByRole('button', { name: 'Use my passkey' }).click();
  await heading(page, 'How else can you prove it is you?');
  await page.goto(`${page.url().replace(/\/how$/, '')}/new/password`);
  await heading(page, 'How else can you prove it is you?');

  // Once it is removed the device is told which passkeys still count: none.
  await page.goto('/me');
  expect(await page.evaluate(() => globalThis.told)).toEqual([]);
  await page.getByRole('link', { name: 'Remove My phone' }).click();
  await page.locator('main form button.btn').click();
  await heading(page, 'How else can you prove it is you?');
  await proveByRecoveryCode(page, person);
  await expect(page).toHaveURL(/\/bind$/);
  await page.locator('main form button.btn').click();
  await expect(page).toHaveURL(/\/(done|me)(\?|$)/);
  await signIn(page, person);
  await expect.poll(() => page.evaluate(() => globalThis.told)).toMatchObject([{ rpId: 'localhost', allAcceptedCredentialIds: [] }]);
});

test('ux_35 a passkey dialog that fails on the way to a new one says so and leaves everything as it was', async ({ page, demo }) => {
  const held = await authenticator(page);
  await held.setVerified(false);
  const person = demo.someone({ app: true, codes: true });
  await signIn(page, person);
  await begin(page, demo, person, 'Add a passkey');
  await page.getByRole('button', { name: 'Create a passkey' }).click();
  await expect(page.getByRole('status')).toContainText(/You closed the passkey window|could not make a passkey/, { timeout: 90_000 });
  expect(await held.credentials()).toEqual([]);
  await held.setVerified(true);
  await page.getByRole('button', { name: 'Create a passkey' }).click();
  await expect(page).toHaveURL(/\/(done|me)(\?|$)/);
  expect(await held.credentials()).toHaveLength(1);
});

test('ux_133 new recovery codes are shown once, open a case, and the old ones are nothing', async ({ page, demo }) => {
  const person = demo.someone({ app: true, codes: true });
  const old = person.recovery_codes.pop();
  await signIn(page, person);
  await begin(page, demo, person, 'Make new codes');
  const sheet = page.locator('.sheet li');
  await page.getByRole('button', { name: /Make new codes|I have kept them/ }).first().click();
  await expect(sheet).toHaveCount(10);
  const codes = (await sheet.allInnerTexts()).map(code => code.trim());
  await page.emulateMedia({ media: 'print' });
  await expect(sheet.first()).toBeVisible();
  await expect(page.locator('.foot')).toBeHidden();
  await page.emulateMedia({ media: 'screen' });
  const kept = page.getByRole('button', { name: 'I have kept them' });
  if (await kept.count()) await kept.click();
  await expect(page).toHaveURL(/\/(done|me)(\?|$)/);
  await openCase(page, person.account);
  await choose(page, 'One of your saved recovery codes');
  await page.locator('#code').fill(old);
  await proceed(page);
  await expect(page.getByRole('alert')).toContainText('That code does not match');
  await page.locator('#code').fill(codes[0]);
  await proceed(page);
  await heading(page, 'How else can you prove it is you?');
});

test('ux_02 a lost phone is turned off by its owner with two other proofs', async ({ page, demo }) => {
  const person = demo.someone({ app: true, codes: true });
  await openCase(page, person.account, DOORS.lost);
  await proveByRecoveryCode(page, person);
  await heading(page, 'How else can you prove it is you?');
  await choose(page, 'Link and code by email');
  const mail = await demo.linkMail(person.private_mail);
  await page.locator('#code').fill(mail.code);
  await proceed(page);
  await heading(page, 'What do you want to remove?');
  await page.locator('.choice label').filter({ hasText: /app|phone/i }).first().click();
  await page.locator('main form .btn').first().click();
  await expect(page).toHaveURL(/\/done$/);
  await heading(page, 'The lost one is turned off');
  await openCase(page, person.account);
  await choose(page, 'Code from your authenticator app');
  await page.locator('#code').fill(await demo.appCode(person.account));
  await proceed(page);
  await expect(page.getByRole('alert')).toContainText('That code does not match');
});

test('ux_31 password managers are led to the right pages', async ({ page, demo, playwright }) => {
  const request = await playwright.request.newContext({ baseURL: demo.url });
  const change = await request.get('/.well-known/change-password', { maxRedirects: 0 });
  expect([change.status(), change.headers().location]).toEqual([303, '/me/password']);
  const passkeys = await (await request.get('/.well-known/passkey-endpoints')).json();
  expect(passkeys).toEqual({ enroll: `${demo.url}/me/passkeys/add`, manage: `${demo.url}/me` });
  expect((await request.get('/.well-known/nothing-here')).status()).toBe(404);
  await request.dispose();
  await page.goto('/.well-known/change-password');
  await expect(page).toHaveURL(/\/sign-in/);
});

test('ux_63 a request that is unusual in three ways waits a day, says until when, and can be stopped (ux_64)', async ({ page, demo, playwright }) => {
  const person = demo.someone({ app: true, codes: true });
  await signIn(page, person);
  // A way back in that is new and does not count yet …
  await begin(page, demo, person, 'Add this browser');
  await page.getByRole('button', { name: 'Let this browser count' }).click();
  await expect(page).toHaveURL(/\/(done|me)(\?|$)/);
  // … proofs that did not hold, and more than one request on a day.
  const guesser = await Visitor.start(playwright, demo);
  await guesser.open(person);
  for (const code of ['000000', '000001', '000002']) await guesser.post(`${guesser.base}/app`, { code }, 422);
  await guesser.end();
  await openCase(page, person.account);
  await proveByRecoveryCode(page, person);
  await heading(page, 'How else can you prove it is you?');
  await choose(page, 'Link and code by email');
  const mail = await demo.linkMail(person.private_mail);
  await page.locator('#code').fill(mail.code);
  await proceed(page);
  await heading(page, 'Your request is on hold');
  await expect(page.locator('.panel time')).toHaveAttribute('datetime', /^\d{4}-\d\d-\d\dT/);
  await expect(page.locator('.panel')).toContainText(/On hold until \w+ \d+ \w+, \d+:\d\d UTC \(in (24 hours|1 day)\)/);
  const notice = await demo.mail(person.private_mail, /on hold/);
  expect(notice.text).toMatch(/until \w+ \d+ \w+, \d+:\d\d UTC/);
  expect(notice.notMe).toBeTruthy();
  const follow = /https?:\/\/\S+\/status$/m.exec(notice.text)[0];
  await expect(page.locator('input[type=password]')).toHaveCount(0);
  const waiting = page.url();
  await page.goto(follow);
  await page.locator('#reference').fill(/KW-[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(waiting)[0]);
  await page.getByRole('button', { name: 'Follow the case' }).click();
  await expect(page.locator('.lede')).toContainText('On hold until');
  await expect(page.getByRole('link', { name: 'Stop this request' })).toBeVisible();
  await page.goto(waiting);
  // Nobody gets around the wait by typing the next address.
  await page.goto(`${page.url().replace(/\/wait.*/, '')}/new/password`);
  await heading(page, 'Your request is on hold');
  await page.getByRole('button', { name: 'Stop this request' }).click();
  await heading(page, 'You stopped this request');
});

test('ux_44 somebody of finance is told after an app code that it takes more, and who can help', async ({ page, demo }) => {
  const person = demo.someone({ class: 'finance', app: true });
  await openCase(page, person.account);
  await proveByApp(page, demo, person);
  await heading(page, 'How else can you prove it is you?');
  await expect(page.getByText('This account needs more than what you can show here')).toBeVisible();
  await choose(page, 'I cannot use any of these');
  await heading(page, 'A person can help you');
  await expect(page.getByText('555 0100').first()).toBeVisible();
});
