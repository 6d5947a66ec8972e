// What the browser itself is told to refuse: frames, markup from strings, other origins; and what every answer says about itself.
import { createServer } from 'node:http';
import { test, expect } from '../support/test.js';
import { heading, openCase, choose, proceed } from '../support/journey.js';

test.use({ part: 'guard' });

const PAGES = ['/', '/recover', '/recover?for=locked', '/help', '/how-we-check', '/accessibility', '/privacy', '/status', '/demo', '/nothing-here'];

test('ux_3_4 every answer has the headers, and personal pages are never kept', async ({ page, demo }) => {
  const wanted = {
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  };
  const csp = ["default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
    "require-trusted-types-for 'script'", "trusted-types 'none'"];
  const answers = [];
  page.on('response', answer => answers.push(answer));
  for (const path of PAGES) await page.goto(path);
  await openCase(page, demo.someone().account);
  expect(answers.length).toBeGreaterThan(PAGES.length);
  for (const answer of answers) {
    const got = answer.headers();
    const path = new URL(answer.url()).pathname;
    expect(got, path).toMatchObject(wanted);
    const redirects = answer.status() >= 300 && answer.status() < 400;
    expect(got['referrer-policy'], path).toBe(redirects ? 'no-referrer' : 'same-origin');
    for (const part of csp) expect(got['content-security-policy'], path).toContain(part);
    expect(got['cache-control'], path).toBe(path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-store');
    expect(got.server, path).toBeUndefined();
  }
});

test('ux_3_4 markup from a string, a script in the page, style in a tag and a request elsewhere are refused', async ({ page, strange }) => {
  await page.goto('/');
  const refused = await page.evaluate(async () => {
    // What a debugger runs may call eval; what a timer runs is the page's own.
    await new Promise(resolve => { setTimeout(resolve); });
    const tried = {};
    const attempt = (name, what) => { try { what(); tried[name] = 'done'; } catch (error) { tried[name] = error.name; } };
    attempt('innerHTML', () => { document.body.innerHTML = '<p>x</p>'; });
    attempt('outerHTML', () => { document.body.outerHTML = '<body></body>'; });
    attempt('document.write', () => document.write('<p>x</p>'));
    attempt('eval', () => (0, eval)('1'));
    attempt('Function', () => new Function('return 1'));
    attempt('script.src', () => { document.createElement('script').src = '/assets/x.js'; });
    attempt('policy', () => trustedTypes.createPolicy('mine', { createHTML: text => text }));
    const inline = document.createElement('p');
    inline.setAttribute('style', 'position: fixed');
    document.body.append(inline);
    tried.style = getComputedStyle(inline).position;
    tried.fetch = await fetch('https://elsewhere.example/').then(() => 'done', error => error.name);
    return tried;
  });
  expect(refused).toEqual({
    innerHTML: 'TypeError', outerHTML: 'TypeError', 'document.write': 'TypeError', eval: 'EvalError', Function: 'EvalError',
    'script.src': 'TypeError', policy: 'TypeError', style: 'static', fetch: 'TypeError',
  });
  // All of this was provoked here.
  strange.length = 0;
});

test('t_f11 no page can be put into a frame of somebody else', async ({ page, demo, strange }) => {
  const frames = PAGES.map(path => `<iframe src="${demo.url}${path}"></iframe>`).join('');
  const other = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(`<!doctype html><title>Other</title>${frames}`));
  await new Promise(resolve => other.listen(0, '127.0.0.1', resolve));
  await page.goto(`http://127.0.0.1:${other.address().port}/`);
  const inside = page.frames().filter(frame => frame !== page.mainFrame());
  expect(inside.length).toBe(PAGES.length);
  for (const frame of inside) {
    expect(await frame.evaluate(() => document.body?.innerText ?? '').catch(() => '')).not.toContain('Keyward');
    expect(frame.url()).not.toContain(demo.url);
  }
  other.close();
  strange.length = 0;
});

test('t_e04 a form that another site sends is refused, with a page that says so', async ({ page, demo, strange }) => {
  const other = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(
    `<!doctype html><title>Other</title><form method="post" action="${demo.url}/recover"><input name="name" value="j.okafor"><button>go</button></form>`));
  await new Promise(resolve => other.listen(0, '127.0.0.1', resolve));
  await page.goto(`http://127.0.0.1:${other.address().port}/`);
  const [answer] = await Promise.all([page.waitForResponse(`${demo.url}/recover`), page.getByRole('button').click()]);
  expect(answer.status()).toBe(403);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('That page was too old');
  await expect(page.locator('main')).toContainText('sent from another site');
  expect((await page.context().cookies()).filter(cookie => cookie.name.startsWith('kw-case'))).toEqual([]);
  other.close();
  strange.length = 0;
});

test('t_k01 a form that is too large is answered by a page that says so', async ({ page }) => {
  // Three sizes: just more than fits, what somebody pastes by mistake, and the most that is still taken to its end.
  for (const length of [140_000, 300_000, 1_000_000]) {
    await page.goto('/recover');
    await page.getByLabel('What name do you sign in with?').fill('x'.repeat(length));
    const [answer] = await Promise.all([page.waitForResponse(answer => answer.request().method() === 'POST'), proceed(page)]);
    expect(answer.status()).toBe(413);
    await heading(page, 'That was too long');
  }
});

test('ux_131 every page keeps to its budget: HTML 30 KB, CSS 8 KB, JS 6 KB, all from here', async ({ page, demo }) => {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  await devtools.send('Network.setCacheDisabled', { cacheDisabled: true });
  const finished = [];
  page.on('requestfinished', request => finished.push(request));
  const check = async () => {
    const bytes = { document: 0, stylesheet: 0, script: 0 };
    // As they came over the wire, that is compressed by the server.
    for (const request of finished.splice(0)) bytes[request.resourceType()] += (await request.sizes()).responseBodySize;
    expect(bytes.document, `HTML of ${page.url()}`).toBeGreaterThan(500);
    expect(bytes.document, `HTML of ${page.url()}`).toBeLessThanOrEqual(30 * 1024);
    expect(bytes.stylesheet, `CSS of ${page.url()}`).toBeGreaterThan(500);
    expect(bytes.stylesheet, `CSS of ${page.url()}`).toBeLessThanOrEqual(8 * 1024);
    expect(bytes.script, `JS of ${page.url()}`).toBeLessThanOrEqual(6 * 1024);
  };
  for (const path of PAGES) {
    await page.goto(path, { waitUntil: 'networkidle' });
    await check();
  }
  await openCase(page, demo.someone().account);
  for (const way of ['Passkey or security key', 'Code from your authenticator app', 'One of your saved recovery codes', 'This device', 'Link and code by email']) {
    await page.waitForLoadState('networkidle');
    finished.length = 0;
    await choose(page, way);
    await expect(page.getByRole('link', { name: 'Choose another way' })).toBeVisible();
    await page.waitForLoadState('networkidle');
    await check();
    await page.getByRole('link', { name: 'Choose another way' }).click();
    await heading(page, 'How do you want to prove it is you?');
  }
});
