import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { looksLikeKey } from './likely-keys.js';

const RANDOM = 'aB3dE5gH7jK9mN1pQ3sT5vW7';

describe('a text', () => {
  it.each([
    'sk-abcdefgh',
    `sk-proj-${RANDOM}_${RANDOM}`,
    `sk-ant-api03-${RANDOM}`,
    `Bearer%20sk-abcdefgh`,
    `gsk_${RANDOM}`,
    `hf_${RANDOM}`,
    'SK-ABCDEFGH',
    'hf_aBcDeFgHiJkLmNoPqRsT',
    `AIza${RANDOM}`,
    'AKIAIOSFODNN7EXAMPLE',
    '0123456789abcdef0123456789abcdef',
    `eyJhbGciOiJIUzI1NiJ9.${RANDOM}.${RANDOM}`,
    `key=${RANDOM}`,
    RANDOM.slice(0, 20),
  ])('such as %s looks like a key', (text) => {
    expect(looksLikeKey(text)).toBe(true);
  });

  it.each([
    'models',
    'task-specific-model',
    'sk-abcdefg',
    'hf_aBcDeFgHiJkLmNoPqRs',
    RANDOM.slice(0, 19),
    'claude-3-5-sonnet-20241022-v2:0',
    'Meta-Llama-3.1-405B-Instruct-Turbo',
    'ft:gpt-4o-mini-2024-07-18:my-org:suffix:8qJ3xK2a',
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    '12345678901234567890',
    '0b5a1d4e-7c2f-4a83-9d3e-1f2a3b4c5d6e',
  ])('such as %s looks like none', (text) => {
    expect(looksLikeKey(text)).toBe(false);
  });

  it('is no key as the id of a model that a provider lists', () => {
    const folder = 'test/fixtures';
    const ids = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.json'))
      .flatMap((name) => [
        ...readFileSync(join(folder, name), 'utf8').matchAll(/"(?:id|name|modelId)": ?"([^"]*)"/g),
      ])
      .map(([, id = '']) => id)
      // Cloudflare calls its models by name, and numbers them.
      .filter((id) => !/^[\da-f]{32}$/.test(id));
    expect(ids.length).toBeGreaterThan(50);
    expect(ids.filter((id) => id.split('/').some(looksLikeKey))).toEqual([]);
  });

  it('of any length is read in linear time', () => {
    // Of the CPU, as on a busy machine the clock says nothing. A quadratic time would be minutes.
    const before = process.cpuUsage();
    looksLikeKey('a'.repeat(1_000_000));
    looksLikeKey('sk-'.repeat(300_000));
    looksLikeKey('hf_'.repeat(300_000));
    const { user, system } = process.cpuUsage(before);
    expect(user + system).toBeLessThan(5_000_000);
  });
});
