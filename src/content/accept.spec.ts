import { describe, expect, it } from '@jest/globals';
import { prefersHtml } from './accept.js';

describe('prefersHtml', () => {
  it.each([
    'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
    'text/html',
    'TEXT/HTML; charset=utf-8',
    'text/html, */*',
    'text/*, */*;q=0.1',
    'application/json;q=0.5, text/html;q=0.6',
    'application/json;q=0, */*',
    'text/html;level=1;q=0.4, application/json ; q = 0.3',
  ])('for %s', (accept) => {
    expect(prefersHtml(accept)).toBe(true);
  });

  it.each([
    undefined,
    '',
    '*/*',
    'application/json',
    'application/json, text/plain, */*',
    'text/html;q=0',
    'text/html;q=0, */*;q=0',
    'text/html;q=0.5, */*',
    'text/html, application/json',
    'image/png',
    'text/html;q=x',
    'html',
  ])('not for %s', (accept) => {
    expect(prefersHtml(accept)).toBe(false);
  });
});
