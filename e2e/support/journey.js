// What a person does in the portal, step by step, through what a page shows and never through an address that only we know.
import { expect } from '@playwright/test';

export const NEW_PASSWORD = 'seven quiet herons wade upstream';

export const DOORS = {
  forgot: 'I forgot my password',
  locked: 'My account is locked',
  lost: 'I lost my phone or security key',
};

export const heading = (page, text) => expect(page.getByRole('heading', { level: 1, name: text })).toBeVisible();

export const proceed = page => page.getByRole('button', { name: 'Continue' }).click();

/** From the five doors to the choice of a proof. Gives the reference of the case. */
export async function openCase(page, name, door = DOORS.forgot) {
  await page.goto('/');
  await page.getByRole('link', { name: door }).click();
  await page.getByLabel('What name do you sign in with?').fill(name);
  await proceed(page);
  await heading(page, 'How do you want to prove it is you?');
  return reference(page);
}

/** The reference of the case that a page is about. */
export async function reference(page) {
  const text = await page.locator('#rail-title .mono').textContent();
  expect(text).toMatch(/^KW-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
  return text;
}

export async function choose(page, way) {
  // The whole card is the label of its radio button.
  await page.locator('.choice label', { hasText: way }).click();
  await expect(page.getByRole('radio', { name: way })).toBeChecked();
  await proceed(page);
}

export async function proveByApp(page, demo, person) {
  await choose(page, 'Code from your authenticator app');
  await heading(page, 'Enter the code from your app');
  await page.getByLabel('6-digit code').fill(await demo.appCode(person.account));
  await proceed(page);
}

export async function proveByRecoveryCode(page, person) {
  await choose(page, 'One of your saved recovery codes');
  await heading(page, 'Enter one recovery code');
  await page.locator('#code').fill(person.recovery_codes.pop());
  await proceed(page);
}

/** Both proofs that everybody with an app and a sheet has, up to the page of the new password. */
export async function proveByAppAndRecoveryCode(page, demo, person) {
  await proveByApp(page, demo, person);
  await heading(page, 'How else can you prove it is you?');
  await proveByRecoveryCode(page, person);
  await heading(page, 'Create a new password');
}

export async function setPassword(page, password = NEW_PASSWORD) {
  await page.getByLabel('New password').fill(password);
  await page.getByRole('button', { name: 'Save new password' }).click();
}

/** The end: nothing says "done" before the directory has been read again. */
export async function backIn(page) {
  await heading(page, 'You are back in');
  await expect(page.locator('.ticks')).toContainText('You have a new password.');
  await expect(page.locator('.rail-note')).toContainText('The account has changed.');
}
