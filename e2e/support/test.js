// The test function of this folder: a demonstration for each worker, and a watch on every page that holds in every test.
//
// Each file names itself with `test.use({ part })`. A worker then serves one file only, and each has the forty people for itself.
import { test as plain, expect } from '@playwright/test';
import { Demo } from './demo.js';

export { expect };

// UX 3.4: Chromium writes this where the next page has no opt-in for view transitions; it is no fault of a page.
const HARMLESS = /Transition was (aborted|skipped)/;
// An answer with 4xx or 5xx is written to the console by Chromium itself, and pages with a problem in a form are such answers.
const STATUS = /^Failed to load resource: the server responded with a status of/;

/** Writes down what the pages of a context do that they must not do. */
export function watch(context, origin, strange) {
  context.on('console', message => {
    if (message.type() === 'error' && !HARMLESS.test(message.text()) && !STATUS.test(message.text())) strange.push(`console: ${message.text()}`);
  });
  context.on('weberror', error => {
    if (!HARMLESS.test(String(error.error()))) strange.push(`script: ${error.error()}`);
  });
  // UX-131, T-A07: no page asks another origin for anything.
  context.on('request', request => {
    const url = new URL(request.url());
    if (url.origin !== origin && url.protocol !== 'data:' && url.protocol !== 'about:') strange.push(`request to ${url.origin}`);
  });
}

export const test = plain.extend({
  part: ['', { scope: 'worker', option: true }],

  demo: [async ({ part }, use) => {
    if (!part) throw new Error('a file of tests names itself: test.use({ part: \'…\' })');
    const demo = await Demo.start();
    await use(demo);
    await demo.stop();
  }, { scope: 'worker', timeout: 60_000 }],

  baseURL: async ({ demo }, use) => use(demo.url),

  /** What pages did that they must not do. A test may take from it what it has provoked. */
  strange: [async ({ context, demo }, use) => {
    const strange = [];
    watch(context, demo.url, strange);
    await use(strange);
    expect(strange, 'console errors, script errors and requests to other origins').toEqual([]);
  }, { auto: true }],
});
