import { expect, test } from 'vitest';
import { parseHtml } from '../../../orchestrator/reading/page/html-tree.ts';
import { pageMetadata, type PageMetadata } from '../../../orchestrator/reading/page/metadata.ts';

const metadataOf = (html: string): PageMetadata => pageMetadata(parseHtml(html), 'https://sea.example/tides');

test('JSON-LD states title, authors and dates, also inside a graph', () => {
  const found = metadataOf(`<html lang="en-GB"><head><title>ignored</title><script type="application/ld+json">
    {"@context":"https://schema.org","@graph":[{"@type":"WebSite","name":"Sea Journal"},{"@type":"NewsArticle","headline":"On Tides","author":[{"@type":"Person","name":"Ada Moon"},"By Bo Sand"],
    "datePublished":"2024-05-06T07:08:09Z","dateModified":"2024-06-01"}]}</script></head></html>`);
  expect(found).toMatchObject({ title: 'On Tides', authors: ['Ada Moon', 'Bo Sand'], published: '2024-05-06T07:08:09Z', modified: '2024-06-01', language: 'en-GB', site: 'Sea Journal', declaredTypes: ['WebSite', 'NewsArticle'] });
});

test('Meta elements state what JSON-LD does not, and a broken script is skipped', () => {
  const found = metadataOf(`<script type="application/ld+json">{"@type": "Article", broken</script><meta property="og:title" content="On Tides | Sea Journal"><meta property="og:site_name" content="Sea Journal">
    <meta name="author" content="Ada Moon"><meta property="article:published_time" content="May 6th, 2024"><meta property="og:locale" content="en_US"><link rel="canonical" href="/t">`);
  expect(found).toMatchObject({ title: 'On Tides', authors: ['Ada Moon'], published: '2024-05-06', language: 'en-US', canonicalUrl: 'https://sea.example/t', declaredTypes: [] });
});

test('The visible page is the last source', () => {
  const found = metadataOf('<title>Site</title><h1>On <i>Tides</i></h1><span class="byline">By Ada Moon</span><time class="published" datetime="2024-05-06">6 May</time>');
  expect(found).toMatchObject({ title: 'On Tides', authors: ['Ada Moon'], published: '2024-05-06' });
});

test('The heading is the title if the stated title says the same in other words', () => {
  expect(metadataOf('<meta property="og:title" content="Tides Explained (2024) &amp;amp; More"><h1>Welcome</h1><h1>Tides explained</h1>').title).toBe('Tides explained');
  expect(metadataOf('<meta property="og:title" content="Tides &amp;amp; Bays"><h1>Welcome</h1>').title).toBe('Tides & Bays');
});

test('What a page does not state is undefined', () => {
  expect(metadataOf('<p>text</p>')).toEqual({ title: undefined, authors: [], published: undefined, modified: undefined, language: undefined, site: undefined, description: undefined, canonicalUrl: undefined, declaredTypes: [] });
});
