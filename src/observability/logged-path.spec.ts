import { describe, expect, it } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import { pathReader } from './logged-path.js';

const pathOf = pathReader(new Set(['ollama']));

function request(target: string, route?: string, rawHeaders: string[] = []): FastifyRequest {
  return {
    originalUrl: target,
    route,
    raw: { rawHeaders },
    headers: {},
  } as unknown as FastifyRequest;
}

describe('the path of a request in the log', () => {
  it.each([
    ['a known path', '/v1/models', '/v1/models', '/v1/models'],
    ['a path with a query', '/v1/models?key=secret', '/v1/models', '/v1/models'],
    ['a path with a fragment', '/v1/models#secret', '/v1/models', '/v1/models'],
    ['a model', '/v1/models/meta/llama-3:8b?x', '/v1/models/*', '/v1/models/meta/llama-3:8b'],
    ['a prefix', '/llm//v1/models/', '/v1/models', '/llm//v1/models/'],
    ['an unknown path', '/v1/chat/completions', undefined, '/v1/chat/completions'],
    ['a whole URL', 'http://user:secret@host:80/v1/models?x', '/v1/models', '/v1/models'],
    ['an asterisk', '*', undefined, '*'],
    ['control characters', '/a\x1b[31m\x9b\u007f b\n', undefined, '/a%1b[31m%9b%7f%20b%0a'],
    ['a key', '/v1/models/sk-proj-secret-secret/x', '/v1/models/*', '/v1/models/[redacted]/x'],
  ])('is that of %s', (_name, target, route, path) => {
    expect(pathOf(request(target, route))).toBe(path);
  });

  it('has a bound', () => {
    expect(pathOf(request(`/${'ab/'.repeat(5000)}`))).toBe(`/${'ab/'.repeat(85)}...`);
  });

  it('does not show half of a key at its bound', () => {
    const key = 'a1'.repeat(30);
    expect(pathOf(request(`/${'ab/'.repeat(80)}${key}/x`))).not.toContain('a1');
  });

  it.each([
    ['Authorization', 'Bearer team-blue'],
    ['X-Api-Key', 'team-blue'],
    ['api-key', 'team-blue'],
  ])('does not show what the caller sent as %s, which a guard may have taken away', (name, value) => {
    expect(pathOf(request('/v1/models/TEAM-blue', '/v1/models/*', ['Host', 'x', name, value]))).toBe(
      '/v1/models/[redacted]',
    );
  });

  it('shows a model that is named like a placeholder of a key', () => {
    const headers = ['Authorization', 'Bearer ollama'];
    expect(pathOf(request('/v1/models/ollama/x', '/v1/models/*', headers))).toBe('/v1/models/ollama/x');
  });
});
