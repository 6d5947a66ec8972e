// Stopping: by the person who asked, by the owner who did not ask, and the doors that are not about a password.
import { test, expect } from '../support/test.js';
import {
  DOORS, backIn, choose, heading, openCase, proceed, proveByApp, proveByRecoveryCode, setPassword,
} from '../support/journey.js';

test.use({ part: 'stop' });

test('ux_02 a locked account is opened again and the password stays', async ({ page, demo }) => {
  const person = demo.someone({ app: true, codes: true });
  await openCase(page, person.account, DOORS.locked);
  await expect(page.locator('h1 .caption')).toHaveText('Unlock your account');
  await proveByApp(page, demo, person);
  await heading(page, 'How else can you prove it is you?');
  await proveByRecoveryCode(page, person);
  await heading(page, 'Open your account again');
  await page.getByRole('button', { name: 'Unlock my account' }).click();
  await heading(page, 'Your account is open again');
  await expect(page.locator('.ticks')).toContainText('Your account is unlocked.');
  await expect(page.locator('.ticks')).not.toContainText('password');
  await demo.mail(person.private_mail, /account was unlocked/);
});

test('ux_64 a request that is stopped by who made it is over: page, link and code', async ({ page, demo }) => {
  const person = demo.someone({ app: true, codes: true });
  const number = await openCase(page, person.account);
  await choose(page, 'Link and code by email');
  const mail = await demo.linkMail(person.private_mail);
  await page.getByRole('link', { name: 'Choose another way' }).click();
  await page.getByRole('link', { name: 'Stop this request' }).click();
  await heading(page, 'Do you want to stop this request?');
  await page.getByRole('link', { name: 'Keep it' }).click();
  await heading(page, 'How do you want to prove it is you?');
  await page.getByRole('link', { name: 'Stop this request' }).click();
  await page.getByRole('button', { name: 'Stop the request' }).click();
  await heading(page, 'You stopped this request');
  await expect(page.getByText('has changed nothing on the account').first()).toBeVisible();
  await expect(page.locator('.ref')).toContainText(number);
  await page.goBack();
  await heading(page, 'You stopped this request');
  await page.goto(mail.link);
  await heading(page, 'This link was turned off');
  await demo.mail(person.private_mail, /was stopped/);
});

test('ux_71 "not me" from a message stops the case, blocks the account and needs no sign-in', async ({ page, demo, browser }) => {
  const person = demo.someone({ app: true, codes: true });
  await openCase(page, person.account);
  await proveByApp(page, demo, person);
  await heading(page, 'How else can you prove it is you?');
  const mail = await demo.mail(`${person.account}@northwind.example`, /Reset requested/);

  const elsewhere = await browser.newContext({ baseURL: demo.url, locale: 'en-GB' });
  const owner = await elsewhere.newPage();
  await owner.goto(mail.notMe);
  expect(owner.url()).not.toContain(new URL(mail.notMe).pathname.split('/').pop());
  await heading(owner, 'Was this not you?');
  await page.reload();
  await heading(page, 'How else can you prove it is you?');
  await owner.getByRole('button', { name: 'It was not me. Stop it' }).click();
  await heading(owner, 'Stopped');
  await expect(owner.getByText('No one can reset this account or sign in to it here until')).toBeVisible();
  await expect(owner.getByText('You do not need to change anything.')).toBeVisible();
  await owner.getByRole('button', { name: 'Deutsch' }).click();
  await expect(owner.getByRole('heading', { level: 1 })).toHaveText('Gestoppt');
  await elsewhere.close();

  await page.reload();
  await heading(page, 'This request was stopped');
  // For a day nobody gets in from here, with the right codes either, and the pages do not say why.
  await openCase(page, person.account);
  await proveByRecoveryCode(page, person);
  await expect(page.getByRole('alert')).toContainText('That code does not match');
});

test('ux_71 "not me" after the change says that the account was changed and whom to call', async ({ page, demo, browser }) => {
  const person = demo.someone({ app: true, codes: true });
  await openCase(page, person.account);
  await proveByApp(page, demo, person);
  await heading(page, 'How else can you prove it is you?');
  await proveByRecoveryCode(page, person);
  await heading(page, 'Create a new password');
  await setPassword(page);
  await backIn(page);
  const mail = await demo.mail(person.private_mail, /password was changed/);
  const elsewhere = await browser.newContext({ baseURL: demo.url, locale: 'en-GB' });
  const owner = await elsewhere.newPage();
  await owner.goto(mail.notMe);
  await owner.getByRole('button', { name: 'It was not me. Stop it' }).click();
  await heading(owner, 'Call the service desk now');
  await expect(owner.getByText('The account was changed before you told us. Call the service desk now.')).toBeVisible();
  await elsewhere.close();
});

test('ux_02 a lost phone leads to a proof that is not the phone', async ({ page, demo }) => {
  const person = demo.someone({ app: true, codes: true });
  await openCase(page, person.account, DOORS.lost);
  await expect(page.locator('h1 .caption')).toHaveText('Replace a lost phone or key');
  await proveByRecoveryCode(page, person);
  await heading(page, 'How else can you prove it is you?');
  await choose(page, 'Link and code by email');
  const mail = await demo.linkMail(person.private_mail);
  await page.locator('#code').fill(mail.code);
  await proceed(page);
  await expect(page).toHaveURL(/\/recover\/KW-[^/]+\/(bind|new)/);
});

test('ux_44 wrong codes are counted, said with what is left, and end in a page that says what works', async ({ page, demo }) => {
  const person = demo.someone({ app: true, codes: true });
  await openCase(page, person.account);
  await choose(page, 'Code from your authenticator app');
  const right = Number(await demo.appCode(person.account));
  for (const left of [4, 3, 2, 1, 0]) {
    await page.locator('#code').fill(String((right + 500_000 + left) % 1_000_000).padStart(6, '0'));
    await proceed(page);
    const said = { 0: 'you have no tries left', 1: 'You have 1 try left' }[left] ?? `You have ${left} tries left`;
    await expect(page.getByRole('alert')).toContainText(said);
  }
  await page.locator('#code').fill('123456');
  await proceed(page);
  await heading(page, 'We cannot confirm it is you this way');
  await expect(page.getByText('This does not mean you did anything wrong.')).toBeVisible();
  await expect(page.getByText('has changed nothing on the account').first()).toBeVisible();
});
