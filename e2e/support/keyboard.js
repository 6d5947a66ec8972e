// Getting around with the keyboard alone, and what can be seen of the focus on the way.
import { expect } from '@playwright/test';

/** What has the focus, and the ring that is drawn for it: on itself, or on the card that it covers (UX-51). */
export function focus(page) {
  return page.evaluate(() => {
    const at = document.activeElement;
    if (!at || at === document.body) return { what: 'nothing', ring: null };
    const ring = node => {
      const { outlineStyle, outlineWidth, outlineOffset, outlineColor } = getComputedStyle(node);
      return { style: outlineStyle, width: parseFloat(outlineWidth), offset: parseFloat(outlineOffset), color: outlineColor };
    };
    const own = ring(at);
    const card = at.closest('.choice');
    const box = at.getBoundingClientRect();
    return {
      what: `${at.localName}${at.id ? `#${at.id}` : ''} ${(at.textContent || at.value || '').trim().slice(0, 40)}`,
      ring: own.style === 'none' && card ? ring(card) : own,
      inView: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    };
  });
}

function checkRing({ what, ring, inView }) {
  expect(ring, `the ring of ${what}`).toMatchObject({ style: 'solid', width: 3, offset: 2 });
  expect(inView, `${what} is in view`).toBe(true);
}

/** Presses Tab until `wanted` has the focus; every stop on the way has its ring. */
export async function tabTo(page, wanted) {
  for (let stops = 0; stops < 60; stops += 1) {
    if (await wanted.evaluate(node => node === document.activeElement)) return;
    await page.keyboard.press('Tab');
    checkRing(await focus(page));
  }
  throw new Error('sixty stops, and it has never had the focus');
}

/** All tab stops of a page, each with its ring. */
export async function allStops(page) {
  const stops = [];
  await page.evaluate(() => document.activeElement?.blur());
  for (;;) {
    await page.keyboard.press('Tab');
    const here = await focus(page);
    // The end: the browser leaves the page, or begins anew with the skip link.
    if (here.what === 'nothing' || (stops.length > 0 && here.what === stops[0])) return stops;
    checkRing(here);
    stops.push(here.what);
    if (stops.length > 200) throw new Error(`no end of tab stops: ${stops.slice(0, 10).join(', ')}`);
  }
}
