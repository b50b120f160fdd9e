import { expect, it } from '@jest/globals';
import { parseRedisUrl } from './redis-url.js';

const SERVER = {
  kind: 'server',
  tls: false,
  username: undefined,
  password: undefined,
  primaryName: undefined,
  database: 0,
};

it.each<[string, object]>([
  ['redis://h', { ...SERVER, hosts: [{ host: 'h', port: 6379 }] }],
  ['REDISS://h:1/2', { ...SERVER, tls: true, database: 2, hosts: [{ host: 'h', port: 1 }] }],
  [
    'redis://u%40:p@:%2F@[::1]:7/',
    { ...SERVER, username: 'u@', password: 'p@:/', hosts: [{ host: '::1', port: 7 }] },
  ],
  ['redis://:p@h?x=1', { ...SERVER, password: 'p', hosts: [{ host: 'h', port: 6379 }] }],
  [
    'redis+cluster://u:p@a,b:7,[fd00::1]:8',
    {
      ...SERVER,
      kind: 'cluster',
      username: 'u',
      password: 'p',
      hosts: [
        { host: 'a', port: 6379 },
        { host: 'b', port: 7 },
        { host: 'fd00::1', port: 8 },
      ],
    },
  ],
  [
    'rediss+sentinel://a,b:7/the%20name/3',
    {
      ...SERVER,
      kind: 'sentinel',
      tls: true,
      primaryName: 'the name',
      database: 3,
      hosts: [
        { host: 'a', port: 26379 },
        { host: 'b', port: 7 },
      ],
    },
  ],
])('%s is read', (text, address) => {
  expect(parseRedisUrl(text)).toEqual(address);
});

it.each(['redis://h\nredis://h', 'redis:h', 'http://h', 'redis+cluster://', 'redis://a\tb'])(
  '%j is no Redis URL',
  (text) => {
    expect(parseRedisUrl(text)).toBeUndefined();
  },
);
