import { expect, test } from 'vitest';
import { readPage } from '../../../orchestrator/reading/page/read-page.ts';

const paragraphs = [
  'The tide is the rise and fall of sea levels, caused by the gravity of the moon and, to a lesser degree, of the sun, and by the rotation of the earth.',
  'Some shorelines have two almost equal high tides and two low tides each day, which sailors call a semidiurnal tide; other places have only one of each.',
  'Heights are measured against a datum, usually the lowest astronomical tide, so that the figures on a chart are depths on which a pilot can rely.',
  'In a bay whose length matches the period of the tide, the water resonates, and the range reaches sixteen meters, as it does at the head of the Bay of Fundy.',
];
const menu = ['Home', 'News', 'Weather', 'Charts', 'Shop', 'Log in'].map((name) => `<li><a href="/${name.toLowerCase()}">${name}</a></li>`).join('');
const related = ['Five harbors worth a visit', 'How to read a chart', 'Our best knots'].map((title) => `<li><a href="/a"><h4>${title}</h4></a></li>`).join('');
const article = `<!doctype html><html lang="en"><head><title>On Tides - Sea Journal</title><meta property="og:type" content="article"></head><body>
  <header class="site-header"><nav class="main-menu"><ul>${menu}</ul></nav></header>
  <main><article class="post"><h1>On Tides</h1><p class="byline">By Ada Moon</p><div class="entry-content">${paragraphs.map((text) => `<p>${text}</p>`).join('')}</div></article>
  <aside class="related-posts"><h3>You may also like</h3><ul>${related}</ul></aside></main>
  <div class="cookie-banner">We use cookies to improve your experience. <button>Accept all</button></div>
  <footer class="site-footer"><p>© 2024 Sea Journal. All rights reserved.</p><a href="/privacy">Privacy policy</a></footer></body></html>`;

test('An article is read without the menu, the cookie notice, related pages and the footer', () => {
  const page = readPage(article, 'https://sea.example/blog/on-tides');
  expect(page).toMatchObject({ type: 'article', title: 'On Tides', language: 'en' });
  for (const text of paragraphs) expect(page.text).toContain(text);
  for (const other of ['Weather', 'cookies', 'best knots', 'All rights reserved']) expect(page.text).not.toContain(other);
  expect(page.markdown).toContain(paragraphs.at(-1));
  expect(page.confidence).toBeGreaterThan(0.8);
});

test('The same page is read the same way each time', () => {
  expect(readPage(article, 'https://sea.example/blog/on-tides')).toEqual(readPage(article, 'https://sea.example/blog/on-tides'));
});

test.each(['', '   ', '<', '<html>', '<!-- only a comment -->', '<script>alert(1)</script>', '\0\0\0'])('A page without content (%j) has no text and a confidence of 0', (html) => {
  expect(readPage(html)).toMatchObject({ text: '', confidence: 0 });
});
